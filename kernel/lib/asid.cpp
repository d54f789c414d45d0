#include "kernel/lib/asid.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace lib {

bool AsidAllocator::configure(unsigned bits, u32 cpus) {
  bits = std::min(bits, kMostBits);
  // At a generation's end each CPU may keep a number, and the one that asks gets another.
  if (bits == 0 || (u64{1} << bits) < u64{cpus} + 2) return false;
  bits_ = bits;
  cpu_count_ = cpus;
  take(0);
  return true;
}

AsidAllocator::Entry AsidAllocator::enter_slowly(Cpu& own, Asid& space) {
  if (!is_used()) return {0, Flush::Number};
  lock_.lock();
  u64 tag = space.tag_.load(std::memory_order_relaxed);
  if (generation_of(tag) != generation_.load(std::memory_order_relaxed)) {
    tag = renew(tag);
    space.tag_.store(tag, std::memory_order_relaxed);
  }
  own.active.store(tag, std::memory_order_relaxed);
  const bool flush = std::exchange(own.must_flush, false);
  lock_.unlock();
  return {static_cast<u32>(tag & Asid::kNumberMask), flush ? Flush::Everything : Flush::Nothing};
}

// A number of this generation: the one it had, if it runs somewhere still or nobody has taken that since.
u64 AsidAllocator::renew(u64 tag) {
  const u64 number = tag & Asid::kNumberMask;
  if (number != 0) {
    const u64 renewed = generation_.load(std::memory_order_relaxed) | number;
    if (keep_reserved(tag, renewed)) return renewed;
    if (!is_taken(number)) {
      take(number);
      return renewed;
    }
  }
  u64 free = take_free();
  if (free == 0) {
    begin_generation();
    free = take_free();
  }
  return generation_.load(std::memory_order_relaxed) | free;
}

// It may run on several CPUs, and the next generation's end must know it by its new tag on all of them.
bool AsidAllocator::keep_reserved(u64 tag, u64 renewed) {
  bool found = false;
  for (u32 cpu = 0; cpu < cpu_count_; ++cpu) {
    if (cpus_[cpu].reserved != tag) continue;
    cpus_[cpu].reserved = renewed;
    found = true;
  }
  return found;
}

u64 AsidAllocator::take_free() {
  const usize words = std::max<usize>(1, (usize{1} << bits_) / 64);
  const u64 valid = bits_ >= 6 ? ~u64{0} : (u64{1} << (1u << bits_)) - 1;
  for (; hint_ < words; ++hint_) {
    const u64 free = ~taken_[hint_] & valid;
    if (free == 0) continue;
    const u64 number = hint_ * 64 + static_cast<u64>(std::countr_zero(free));
    take(number);
    return number;
  }
  return 0;
}

void AsidAllocator::begin_generation() {
  generation_.store(generation_.load(std::memory_order_relaxed) + kGeneration, std::memory_order_relaxed);
  std::fill(std::begin(taken_), std::end(taken_), 0);
  hint_ = 0;
  take(0);
  for (u32 cpu = 0; cpu < cpu_count_; ++cpu) {
    Cpu& other = cpus_[cpu];
    const u64 ran = other.active.exchange(0, std::memory_order_relaxed);
    // 0: it has not come for a number since the generation before, so what it kept then runs there still.
    if (ran != 0) other.reserved = ran;
    take(other.reserved & Asid::kNumberMask);
    other.must_flush = true;
  }
}

unsigned asid_bits(const CommandLine& options, unsigned hardware) {
  const auto wanted = options.number("asid_bits");
  return wanted && *wanted >= 0 && static_cast<u64>(*wanted) < hardware ? static_cast<unsigned>(*wanted) : hardware;
}

}  // namespace lib
