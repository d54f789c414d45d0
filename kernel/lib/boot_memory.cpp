#include "kernel/lib/boot_memory.hpp"

#include <algorithm>

namespace lib {

bool BootMemory::RangeSet::add(u64 base, u64 end) {
  if (base >= end) return true;
  usize first = 0;
  while (first < count_ && ranges_[first].end < base) ++first;
  usize last = first;  // one past the ranges that touch [base, end)
  while (last < count_ && ranges_[last].base <= end) {
    base = std::min(base, ranges_[last].base);
    end = std::max(end, ranges_[last].end);
    ++last;
  }
  if (first == last) {
    if (count_ == kMaxRanges) return false;
    for (usize i = count_; i > first; --i) ranges_[i] = ranges_[i - 1];
    ++count_;
  } else {
    const usize merged = last - first - 1;
    for (usize i = last; i < count_; ++i) ranges_[i - merged] = ranges_[i];
    count_ -= merged;
  }
  ranges_[first] = {base, end};
  return true;
}

bool BootMemory::RangeSet::remove(u64 base, u64 end) {
  for (usize i = 0; i < count_;) {
    Range& range = ranges_[i];
    if (base >= range.end || end <= range.base) {
      ++i;
      continue;
    }
    const bool keeps_front = range.base < base;
    const bool keeps_back = end < range.end;
    if (keeps_front && keeps_back) {
      if (count_ == kMaxRanges) return false;
      for (usize j = count_; j > i + 1; --j) ranges_[j] = ranges_[j - 1];
      ++count_;
      ranges_[i + 1] = {end, range.end};
      range.end = base;
      return true;
    }
    if (keeps_front) {
      range.end = base;
    } else if (keeps_back) {
      range.base = end;
    } else {
      for (usize j = i + 1; j < count_; ++j) ranges_[j - 1] = ranges_[j];
      --count_;
      continue;
    }
    ++i;
  }
  return true;
}

bool BootMemory::RangeSet::contains(u64 address) const {
  for (const Range& range : *this) {
    if (address >= range.base && address < range.end) return true;
  }
  return false;
}

void BootMemory::add_ram(u64 base, u64 size) {
  const u64 end = size > ~base ? align_down(~u64{0}, kPageSize) : align_down(base + size, kPageSize);
  base = align_up(base, kPageSize);
  if (base >= end) return;
  if (!ram_.add(base, end)) {
    ++dropped_;
    return;
  }
  if (!free_.add(base, end)) ++dropped_;
}

void BootMemory::reserve(u64 base, u64 size) {
  if (size == 0) return;
  const u64 end = size > ~base - kPageMask ? ~u64{0} : align_up(base + size, kPageSize);
  base = align_down(base, kPageSize);
  if (free_.remove(base, end)) return;
  ++dropped_;
  // The table is full, so the range cannot be split: give up everything from `base` to the end of its free range.
  for (const Range& range : free_) {
    if (base >= range.base && base < range.end) {
      static_cast<void>(free_.remove(base, range.end));
      return;
    }
  }
}

void BootMemory::limit_ram(u64 limit) {
  static_cast<void>(ram_.remove(limit, ~u64{0}));
  static_cast<void>(free_.remove(limit, ~u64{0}));
}

u64 BootMemory::allocate(u64 pages, u64 alignment, u64 below, u64 from) {
  const u64 bytes = pages * kPageSize;
  for (usize i = free_.size(); i-- > 0;) {
    const Range range = free_.begin()[i];
    const u64 end = std::min(range.end, below);
    const u64 start = std::max(range.base, from);
    if (end <= start || end - start < bytes) continue;
    const u64 base = align_down(end - bytes, alignment);
    if (base < start || base == 0) continue;
    if (free_.remove(base, base + bytes)) return base;
  }
  return 0;
}

u64 BootMemory::ram_bytes() const {
  u64 total = 0;
  for (const Range& range : ram_) total += range.size();
  return total;
}

u64 BootMemory::free_bytes() const {
  u64 total = 0;
  for (const Range& range : free_) total += range.size();
  return total;
}

}  // namespace lib
