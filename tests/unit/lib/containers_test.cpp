#include <gtest/gtest.h>

#include <map>
#include <random>

#include "kernel/lib/radix_tree.hpp"
#include "kernel/lib/ref.hpp"
#include "kernel/lib/vector.hpp"
#include "tests/unit/allocate.hpp"

namespace {

TEST(Vector, GrowsAndRemoves) {
  lib::Vector<int> v;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(v.push(i));
  v.remove_at(0);
  v.remove_at(98);
  EXPECT_EQ(v.size(), 98u);
  EXPECT_EQ(v[0], 1);
  EXPECT_EQ(v.back(), 98);
}

TEST(Vector, ReportsMissingMemoryAndStaysWhole) {
  lib::Vector<int> v;
  ASSERT_TRUE(v.push(1));
  test::fail_allocations_after(0);
  for (int i = 0; i < 3; ++i) static_cast<void>(v.push(2));
  const Status full = v.push(3);
  test::fail_allocations_after(-1);
  EXPECT_FALSE(full.has_value());
  EXPECT_EQ(v.size(), 4u);
  EXPECT_EQ(v[0], 1);
}

struct Counted : lib::RefCounted<Counted> {
  explicit Counted(int& alive) : alive(alive) { ++alive; }
  ~Counted() { --alive; }
  int& alive;
};

TEST(Ref, LastOneDestroys) {
  int alive = 0;
  {
    auto first = lib::make_ref<Counted>(alive).value();
    lib::Ref<Counted> second = first;
    EXPECT_EQ(first->reference_count(), 2u);
    first.reset();
    EXPECT_EQ(alive, 1);
    EXPECT_TRUE(second->try_acquire());
    second->release();
  }
  EXPECT_EQ(alive, 0);
}

TEST(RadixTree, AgreesWithAMap) {
  lib::RadixTree<int> tree;
  std::map<u64, int*> model;
  std::vector<int> values(2000);
  std::mt19937_64 random(1);
  for (int round = 0; round < 20000; ++round) {
    const u64 index = random() >> (random() % 60);
    if (random() % 2 == 0 && !model.contains(index)) {
      int* value = &values[random() % values.size()];
      ASSERT_TRUE(tree.insert(index, value));
      model[index] = value;
    } else {
      int* wanted = model.contains(index) ? model[index] : nullptr;
      ASSERT_EQ(tree.remove(index), wanted);
      model.erase(index);
    }
    u64 at = random() >> (random() % 60);
    const auto above = model.lower_bound(at);
    int* found = tree.next(at);
    ASSERT_EQ(found, above == model.end() ? nullptr : above->second);
    if (found != nullptr) ASSERT_EQ(at, above->first);
  }
  for (const auto& [index, value] : model) {
    ASSERT_EQ(tree.find(index), value);
    tree.remove(index);
  }
  EXPECT_TRUE(tree.empty());
}

TEST(RadixTree, SurvivesEveryFailedAllocation) {
  for (int limit = 0; limit < 14; ++limit) {
    lib::RadixTree<int> tree;
    int value = 0;
    ASSERT_TRUE(tree.insert(3, &value));
    test::fail_allocations_after(limit);
    const Status inserted = tree.insert(~u64{0}, &value);
    test::fail_allocations_after(-1);
    EXPECT_EQ(tree.find(3), &value);
    EXPECT_EQ(tree.find(~u64{0}), inserted ? &value : nullptr);
    tree.remove(3);
    tree.remove(~u64{0});
  }
}

}  // namespace
