// Locks, wait queues and counted references under the thread sanitizer: the data that they guard are plain, so that a
// missing acquire or release is a race that it reports.

#include <gtest/gtest.h>

#include <deque>

#include "hal/timer.hpp"
#include "kernel/lib/ref.hpp"
#include "kernel/mm/memory_object.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "tests/unit/threads/machine.hpp"

namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 5000;

TEST(RawSpinLock, GuardsPlainData) {
  lib::RawSpinLock lock;
  u64 count = 0;
  test::together(kThreads, [&](int) {
    for (int round = 0; round < kRounds; ++round) {
      while (round % 2 != 0 && !lock.try_lock()) hal::relax();
      if (round % 2 == 0) lock.lock();
      ++count;
      lock.unlock();
    }
  });
  EXPECT_EQ(count, u64{kThreads} * kRounds);
}

TEST(Mutex, GuardsPlainData) {
  sync::Mutex mutex;
  u64 count = 0;
  test::together(kThreads, [&](int) {
    for (int round = 0; round < kRounds; ++round) {
      mutex.lock();
      ++count;
      mutex.unlock();
    }
  });
  EXPECT_EQ(count, u64{kThreads} * kRounds);
  EXPECT_FALSE(mutex.is_locked());
}

struct Box {
  std::deque<int> items;
};

// Producers and consumers of a small box: nobody sleeps for ever, and nothing is lost or doubled.
TEST(WaitQueue, NoWakeUpIsLost) {
  constexpr usize kRoom = 2;
  constexpr int kEnd = -1;
  sync::Locked<Box, sync::LockClass::Pages> box;
  sync::WaitQueue has_items, has_room;
  const auto put = [&](int item) {
    const auto try_put = [&] {
      return box.with([&](Box& inside) {
        if (inside.items.size() >= kRoom) return false;
        inside.items.push_back(item);
        return true;
      });
    };
    EXPECT_TRUE(has_room.wait(try_put, sync::WaitMode::Uninterruptible, sync::kNoDeadline, true));
    has_items.wake_one();
  };
  const auto take = [&] {
    int item = 0;
    const auto try_take = [&] {
      return box.with([&](Box& inside) {
        if (inside.items.empty()) return false;
        item = inside.items.front();
        inside.items.pop_front();
        return true;
      });
    };
    EXPECT_TRUE(has_items.wait(try_take, sync::WaitMode::Uninterruptible, sync::kNoDeadline, true));
    has_room.wake_one();
    return item;
  };
  u64 sums[kThreads] = {};
  test::together(2 * kThreads, [&](int number) {
    if (number < kThreads) {
      for (int round = 1; round <= kRounds; ++round) put(round);
      put(kEnd);
    } else {
      for (int item = take(); item != kEnd; item = take()) sums[number - kThreads] += static_cast<u64>(item);
    }
  });
  u64 sum = 0;
  for (const u64 part : sums) sum += part;
  EXPECT_EQ(sum, u64{kThreads} * kRounds * (kRounds + 1) / 2);
}

TEST(WaitQueue, WaitsEndAtTheirDeadline) {
  sync::WaitQueue queue;
  test::together(kThreads, [&](int) {
    const Status waited =
        queue.wait([] { return false; }, sync::WaitMode::Uninterruptible, hal::monotonic_ns() + 1000000);
    EXPECT_FALSE(waited);
  });
  EXPECT_FALSE(queue.has_waiters());
}

// Plain members, written by whoever had a reference, are read by whoever lets the last one go.
struct Shared : lib::RefCounted<Shared> {
  explicit Shared(u64* total) : total(total) {}
  ~Shared() {
    for (const u64 mark : marks) *total += mark;
  }
  u64 marks[kThreads] = {};
  u64* total;
};

TEST(Ref, TheLastOneSeesWhatAllOthersWrote) {
  u64 total = 0;
  for (int round = 0; round < 500; ++round) {
    auto shared = lib::make_ref<Shared>(&total);
    lib::Ref<Shared> references[kThreads];
    for (auto& reference : references) reference = *shared;
    shared->reset();
    test::together(kThreads, [&](int number) {
      const lib::Ref<Shared> copy = references[number];
      references[number].reset();
      copy->marks[number] = 1;
    });
  }
  EXPECT_EQ(total, u64{500} * kThreads);
}

TEST(Ref, NobodyFindsWhatIsGone) {
  for (int round = 0; round < 500; ++round) {
    u64 total = 0;
    alignas(Shared) u8 memory[sizeof(Shared)];
    Shared* shared = ::new (memory) Shared(&total);
    std::atomic<int> gone = 0;
    test::together(kThreads, [&](int number) {
      if (number != 0 && !shared->try_acquire()) return;
      if (shared->drop()) ++gone;
    });
    EXPECT_EQ(gone, 1);
    EXPECT_FALSE(shared->try_acquire());
  }
}

TEST(PageBudget, IsNeverExceeded) {
  constexpr u64 kLimit = 3;
  mm::PageBudget budget(kLimit);
  std::atomic<u64> taken = 0;
  test::together(kThreads, [&](int) {
    for (int round = 0; round < kRounds; ++round) {
      if (!budget.take()) continue;
      EXPECT_LE(taken.fetch_add(1) + 1, kLimit);
      taken.fetch_sub(1);
      budget.give(1);
    }
  });
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
