// Numbers of address spaces, with translation caches of the test's own. Each CPU's cache holds what a CPU's may:
// entries under the number that is loaded, for as long as nobody drops them. What counts is that no program ever reads
// memory through an entry that is not its own or was changed.
#include "kernel/lib/asid.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "hal/user_root.hpp"

namespace {

using lib::Asid;
using lib::AsidAllocator;
using Flush = AsidAllocator::Flush;

std::unique_ptr<AsidAllocator> allocator(unsigned bits, u32 cpus) {
  auto result = std::make_unique<AsidAllocator>();
  EXPECT_TRUE(result->configure(bits, cpus));
  return result;
}

TEST(Asid, TooFewNumbersAreNotUsed) {
  AsidAllocator numbers;
  EXPECT_FALSE(numbers.configure(0, 1));
  EXPECT_FALSE(numbers.configure(2, 3));  // 0, one for each of three, and none left
  EXPECT_FALSE(numbers.is_used());
  Asid space;
  for (int i = 0; i < 3; ++i) {
    const auto entry = numbers.enter(0, space);
    EXPECT_EQ(entry.number, 0u);
    EXPECT_EQ(entry.flush, Flush::Number);
  }
  EXPECT_TRUE(numbers.configure(2, 2));
  EXPECT_EQ(numbers.bits(), 2u);
}

TEST(Asid, MoreBitsThanAnyHardwareHas) {
  auto numbers = allocator(40, 4);
  EXPECT_EQ(numbers->bits(), AsidAllocator::kMostBits);
}

TEST(Asid, OptionTakesBitsAwayOnly) {
  const auto bits = [](const char* text) { return lib::asid_bits(lib::CommandLine(text), 8); };
  EXPECT_EQ(bits(""), 8u);
  EXPECT_EQ(bits("asid_bits=4"), 4u);
  EXPECT_EQ(bits("asid_bits=0"), 0u);
  EXPECT_EQ(bits("asid_bits=16"), 8u);
  EXPECT_EQ(bits("asid_bits=-1"), 8u);
  EXPECT_EQ(bits("asid_bits=many"), 8u);
}

TEST(Asid, AnAddressSpaceKeepsItsNumberAndNothingIsFlushed) {
  auto numbers = allocator(8, 2);
  Asid a, b;
  const u32 first = numbers->enter(0, a).number;
  const u32 second = numbers->enter(0, b).number;
  EXPECT_NE(first, 0u);
  EXPECT_NE(second, 0u);
  EXPECT_NE(first, second);
  for (int i = 0; i < 1000; ++i) {
    const auto entry = numbers->enter(0, i % 2 == 0 ? a : b);
    EXPECT_EQ(entry.number, i % 2 == 0 ? first : second);
    EXPECT_EQ(entry.flush, Flush::Nothing);
  }
  // A CPU does not know what its cache held before its first program.
  const auto entry = numbers->enter(1, a);
  EXPECT_EQ(entry.number, first);
  EXPECT_EQ(entry.flush, Flush::Everything);
}

TEST(Asid, AGenerationGivesEachNumberOnce) {
  for (const unsigned bits : {3u, 6u, 7u, 8u, 16u}) {
    auto numbers = allocator(bits, 1);
    const usize count = (usize{1} << bits) - 1;
    std::vector<Asid> spaces(count + 1);
    std::set<u32> given;
    for (usize i = 0; i < count; ++i) given.insert(numbers->enter(0, spaces[i]).number);
    EXPECT_EQ(given.size(), count);
    EXPECT_EQ(*given.begin(), 1u);
    EXPECT_EQ(*given.rbegin(), count);
    EXPECT_EQ(numbers->rollovers(), 0u);
    EXPECT_EQ(numbers->enter(0, spaces[count]).flush, Flush::Everything);
    EXPECT_EQ(numbers->rollovers(), 1u);
  }
}

TEST(Asid, WhoRunsKeepsItsNumberOverAGenerationsEnd) {
  auto numbers = allocator(3, 3);
  Asid stays;
  const u32 number = numbers->enter(1, stays).number;
  EXPECT_EQ(numbers->enter(2, stays).number, number);
  std::vector<Asid> others(40);
  for (Asid& other : others) EXPECT_NE(numbers->enter(0, other).number, number);
  EXPECT_GT(numbers->rollovers(), 3u);
  EXPECT_EQ(stays.number(), number);
  // On all of its CPUs, each of which empties its cache once.
  EXPECT_EQ(numbers->enter(1, stays).flush, Flush::Everything);
  for (Asid& other : others) EXPECT_NE(numbers->enter(0, other).number, number);
  const auto entry = numbers->enter(2, stays);
  EXPECT_EQ(entry.number, number);
  EXPECT_EQ(entry.flush, Flush::Everything);
}

TEST(Asid, WhoDoesNotRunGetsItsOldNumberWhereItIsFree) {
  auto numbers = allocator(4, 1);
  std::vector<Asid> spaces(16);
  for (Asid& space : spaces) numbers->enter(0, space);
  EXPECT_EQ(numbers->rollovers(), 1u);
  const u32 before = spaces[7].number();
  EXPECT_EQ(numbers->enter(0, spaces[7]).number, before);
  EXPECT_EQ(numbers->enter(0, spaces[7]).flush, Flush::Nothing);
}

bool has(const hal::CpuSet& cpus, u32 cpu) { return (cpus.raw(cpu / 64) >> cpu % 64 & 1) != 0; }

// What the calling CPU is to do itself is apart from what it asks of the others; other words of the mask count too.
TEST(Asid, TargetsOfAFlush) {
  auto numbers = allocator(8, 200);
  hal::UserRoot root(PhysAddr{1});
  auto none = root.begin_flush(3, 4);
  EXPECT_FALSE(none.self || none.any_other);
  for (const u32 cpu : {3u, 5u, 130u}) {
    root.set_active(cpu);
    root.enter(*numbers, cpu);
  }
  const auto all = root.begin_flush(3, 4);
  EXPECT_TRUE(all.self && all.any_other);
  EXPECT_TRUE(has(all.others, 5) && has(all.others, 130));
  EXPECT_FALSE(has(all.others, 3) || has(all.others, 4));
  root.clear_active(5);
  root.clear_active(130);
  const auto self = root.begin_flush(3, 4);
  EXPECT_TRUE(self.self);
  EXPECT_FALSE(self.any_other);
  // Those that went away come back as stale, once.
  for (const u32 cpu : {5u, 130u}) {
    root.set_active(cpu);
    EXPECT_EQ(root.enter(*numbers, cpu).flush, Flush::Number);
    EXPECT_EQ(root.enter(*numbers, cpu).flush, Flush::Nothing);
  }
  EXPECT_EQ(root.enter(*numbers, 3).flush, Flush::Nothing);
}

// One address space of the model: its page table, and the values that a program may read there.
struct Space {
  Space() : root(PhysAddr{1}) {}
  hal::UserRoot root;
  std::map<unsigned, u64> pages;
};

// Several CPUs in one thread, in an order drawn at random.
class Machine {
 public:
  Machine(unsigned bits, u32 cpus, u64 seed) : random_(seed), cpus_(cpus) {
    EXPECT_EQ(numbers_.configure(bits, cpus), bits != 0);
  }

  void step() {
    const u32 cpu = draw(static_cast<unsigned>(cpus_.size()));
    switch (draw(32)) {
      case 0: start(); break;
      case 1: end(); break;
      case 2:
      case 3: change(cpu); break;
      case 4:
      case 5:
      case 6: activate(cpu); break;
      default: read(cpu);
    }
  }
  u64 rollovers() const { return numbers_.rollovers(); }
  u64 hits() const { return hits_; }

 private:
  struct Cpu {
    std::shared_ptr<Space> space;
    u32 number = 0;
    std::map<std::pair<u32, unsigned>, u64> cache;
  };
  static constexpr unsigned kPages = 4;
  static constexpr unsigned kSpaces = 12;

  unsigned draw(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  void start() {
    if (spaces_.size() < kSpaces) spaces_.push_back(std::make_shared<Space>());
  }

  // The last user goes: its pages are unmapped. A CPU may have the root loaded still.
  void end() {
    if (spaces_.empty()) return;
    const auto at = spaces_.begin() + draw(static_cast<unsigned>(spaces_.size()));
    (*at)->pages.clear();
    for (unsigned page = 0; page < kPages; ++page) flush(**at, page);
    spaces_.erase(at);
  }

  void change(u32 cpu) {
    if (spaces_.empty()) return;
    // By a program on its own CPU, or from outside.
    Space& space =
        cpus_[cpu].space && draw(2) == 0 ? *cpus_[cpu].space : *spaces_[draw(static_cast<unsigned>(spaces_.size()))];
    const unsigned page = draw(kPages);
    space.pages[page] = ++last_value_;
    flush(space, page);
  }

  void flush(Space& space, unsigned page) {
    const auto targets = space.root.begin_flush(hal::kMaxCpus, hal::CpuMask::kWords);
    for (u32 cpu = 0; cpu < cpus_.size(); ++cpu) {
      if (has(targets.others, cpu)) cpus_[cpu].cache.erase({space.root.number(), page});
    }
  }

  void activate(u32 cpu) {
    if (spaces_.empty()) return;
    Cpu& own = cpus_[cpu];
    const auto to = spaces_[draw(static_cast<unsigned>(spaces_.size()))];
    if (to == own.space) return;
    to->root.set_active(cpu);
    const auto entry = to->root.enter(numbers_, cpu);
    own.number = entry.number;
    if (entry.flush == Flush::Everything) own.cache.clear();
    if (entry.flush == Flush::Number) {
      std::erase_if(own.cache, [&](const auto& cached) { return cached.first.first == entry.number; });
    }
    if (own.space) own.space->root.clear_active(cpu);
    own.space = to;
  }

  void read(u32 cpu) {
    Cpu& own = cpus_[cpu];
    if (!own.space) return;
    ASSERT_EQ(own.number, own.space->root.number());
    const unsigned page = draw(kPages);
    const auto mapped = own.space->pages.find(page);
    const auto cached = own.cache.find({own.number, page});
    if (cached != own.cache.end()) {
      ++hits_;
      ASSERT_TRUE(mapped != own.space->pages.end());
      ASSERT_EQ(cached->second, mapped->second);
    } else if (mapped != own.space->pages.end()) {
      own.cache[{own.number, page}] = mapped->second;
    }
  }

  AsidAllocator numbers_;
  std::mt19937_64 random_;
  std::vector<Cpu> cpus_;
  std::vector<std::shared_ptr<Space>> spaces_;
  u64 last_value_ = 0, hits_ = 0;
};

class AsidMachine : public testing::TestWithParam<std::pair<unsigned, u32>> {};

TEST_P(AsidMachine, NoProgramReadsThroughAStaleEntry) {
  const auto [bits, cpus] = GetParam();
  for (u64 seed = 1; seed <= 20; ++seed) {
    const auto machine = std::make_unique<Machine>(bits, cpus, seed);
    for (int i = 0; i < 20'000; ++i) {
      machine->step();
      if (HasFatalFailure()) FAIL() << "seed " << seed << ", step " << i;
    }
    EXPECT_GT(machine->hits(), 1000u);
    EXPECT_EQ(machine->rollovers() > 2, bits != 0 && bits < 8);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, AsidMachine,
                         testing::Values(std::pair{0u, 2u}, std::pair{2u, 1u}, std::pair{2u, 2u}, std::pair{3u, 4u},
                                         std::pair{3u, 6u}, std::pair{4u, 3u}, std::pair{8u, 4u}));

// CPUs that are threads. A cache belongs to one CPU and holds one entry for each number: whose it is, and which state
// of that one's page table it shows.
struct SharedSpace {
  SharedSpace() : root(PhysAddr{1}) {}
  hal::UserRoot root;
  std::atomic<u64> table = 1;
  std::atomic<u64> published = 1;  // flushes up to this state are complete
  std::atomic<bool> flushing = false;
};

// What another CPU asks of this one's cache: the interrupt that a broadcast or the firmware's call stands for.
struct alignas(64) ThreadCpu {
  std::atomic<bool> lock = false;
  std::vector<std::pair<const SharedSpace*, u64>> cache;
};

class Locked {
 public:
  explicit Locked(std::atomic<bool>& word) : word_(word) {
    while (word_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  }
  ~Locked() { word_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool>& word_;
};

void flush_shared(SharedSpace& space, std::vector<ThreadCpu>& cpus) {
  const auto targets = space.root.begin_flush(hal::kMaxCpus, hal::CpuMask::kWords);
  for (u32 cpu = 0; cpu < cpus.size(); ++cpu) {
    if (!has(targets.others, cpu)) continue;
    const Locked other(cpus[cpu].lock);
    cpus[cpu].cache[space.root.number()] = {};
  }
}

// Everybody switches among the same address spaces, reads through the cache and changes page tables.
void run_cpu(u32 cpu, AsidAllocator& numbers, std::vector<SharedSpace>& spaces, std::vector<ThreadCpu>& cpus,
             std::atomic<u64>& failures) {
  std::mt19937_64 random(cpu);
  ThreadCpu& own = cpus[cpu];
  SharedSpace* space = nullptr;
  for (int i = 0; i < 5000; ++i) {
    SharedSpace* to = &spaces[random() % spaces.size()];
    if (to != space) {
      to->root.set_active(cpu);
      const auto entry = to->root.enter(numbers, cpu);
      {
        const Locked mine(own.lock);
        if (entry.flush == Flush::Everything) std::fill(own.cache.begin(), own.cache.end(), std::pair{nullptr, 0});
        if (entry.flush == Flush::Number) own.cache[entry.number] = {};
      }
      if (space != nullptr) space->root.clear_active(cpu);
      space = to;
    }
    const u32 number = space->root.number();
    for (int reads = 0; reads < 4; ++reads) {
      const u64 least = space->published.load(std::memory_order_acquire);
      const Locked mine(own.lock);
      auto& cached = own.cache[number];
      if (cached.first == nullptr) cached = {space, space->table.load(std::memory_order_relaxed)};
      if (cached.first != space || cached.second < least) failures.fetch_add(1);
    }
    SharedSpace& changed = spaces[random() % spaces.size()];
    if (random() % 4 != 0 || changed.flushing.exchange(true, std::memory_order_acquire)) continue;
    const u64 state = changed.table.load(std::memory_order_relaxed) + 1;
    changed.table.store(state, std::memory_order_relaxed);
    flush_shared(changed, cpus);
    changed.published.store(state, std::memory_order_release);
    changed.flushing.store(false, std::memory_order_release);
  }
  if (space != nullptr) space->root.clear_active(cpu);
}

TEST(Asid, CpusThatSwitchAtTheSameTime) {
  constexpr u32 kCpus = 4;
  for (const unsigned bits : {3u, 4u, 8u}) {
    auto numbers = allocator(bits, kCpus);
    std::vector<SharedSpace> spaces(24);
    std::vector<ThreadCpu> cpus(kCpus);
    for (ThreadCpu& cpu : cpus) cpu.cache.resize(usize{1} << bits);
    std::atomic<u64> failures = 0;
    std::vector<std::thread> threads;
    for (u32 cpu = 0; cpu < kCpus; ++cpu) {
      threads.emplace_back(run_cpu, cpu, std::ref(*numbers), std::ref(spaces), std::ref(cpus), std::ref(failures));
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failures.load(), 0u);
    EXPECT_EQ(numbers->rollovers() > 10, bits < 8);
  }
}

}  // namespace
