#include "kernel/lib/numa.hpp"

#include <algorithm>

namespace lib {
namespace {

bool touches_ram(const NumaTopology::Range& range, const BootMemory::RangeSet& ram) {
  return std::any_of(ram.begin(), ram.end(),
                     [&](const BootMemory::Range& piece) { return piece.base < range.end && range.base < piece.end; });
}

}  // namespace

void NumaTopology::add_memory(u64 base, u64 size, u32 domain) {
  if (flaw_ != nullptr || size == 0) return;
  if (size - 1 > ~base) return reject("a range of memory ends behind the last address");
  // A boundary inside a page is moved to the page's start, for this range and the next one alike.
  const u64 last = base + (size - 1);
  const u64 end = align_down(last == ~u64{0} ? last : last + 1, kPageSize);
  base = align_down(base, kPageSize);
  if (base == end) return;
  if (range_count_ == kMaxRanges) {
    ++dropped_;
    return;
  }
  ranges_[range_count_++] = {base, end, domain};
}

void NumaTopology::add_cpu(u64 hardware_id, u32 domain) {
  if (flaw_ != nullptr) return;
  for (usize i = 0; i < cpu_count_; ++i) {
    if (cpus_[i].hardware_id != hardware_id) continue;
    if (cpus_[i].node != domain) reject("a CPU is in two nodes");
    return;
  }
  if (cpu_count_ == kMaxCpus) {
    ++dropped_;
    return;
  }
  cpus_[cpu_count_++] = {hardware_id, domain};
}

void NumaTopology::drop_ranges_outside(const BootMemory::RangeSet& ram) {
  const auto end = std::remove_if(ranges_.begin(), ranges_.begin() + range_count_,
                                  [&](const Range& range) { return !touches_ram(range, ram); });
  range_count_ = static_cast<usize>(end - ranges_.begin());
}

// By insertion: the tables come nearly sorted, and there are few entries.
void NumaTopology::sort_ranges() {
  for (usize i = 1; i < range_count_; ++i) {
    const Range range = ranges_[i];
    usize to = i;
    for (; to > 0 && range.base < ranges_[to - 1].base; --to) ranges_[to] = ranges_[to - 1];
    ranges_[to] = range;
  }
}

void NumaTopology::merge_ranges() {
  usize kept = 0;
  for (usize i = 0; i < range_count_; ++i) {
    const Range range = ranges_[i];
    if (kept > 0 && range.base <= ranges_[kept - 1].end) {
      Range& before = ranges_[kept - 1];
      if (range.node == before.node) {
        before.end = std::max(before.end, range.end);
        continue;
      }
      if (range.base < before.end) return reject("ranges of memory of two nodes overlap");
    }
    ranges_[kept++] = range;
  }
  range_count_ = kept;
}

// False: there is no room for another one.
bool NumaTopology::note_domain(u32 domain) {
  const auto end = domains_.begin() + domain_count_;
  const auto place = std::lower_bound(domains_.begin(), end, domain);
  if (place != end && *place == domain) return true;
  if (domain_count_ == kMaxNodes) return false;
  std::copy_backward(place, end, end + 1);
  *place = domain;
  ++domain_count_;
  return true;
}

// Of the first `count` entries those stay, in their order, whose domain has a place. Returns how many.
template <class Entry>
usize NumaTopology::keep_placed(Entry* entries, usize count) {
  usize kept = 0;
  for (usize i = 0; i < count; ++i) {
    if (note_domain(entries[i].node)) entries[kept++] = entries[i];
  }
  dropped_ += static_cast<u32>(count - kept);
  return kept;
}

// Nodes with memory come first, where there are too many.
void NumaTopology::collect_domains() {
  range_count_ = keep_placed(ranges_.data(), range_count_);
  cpu_count_ = keep_placed(cpus_.data(), cpu_count_);
}

void NumaTopology::number_nodes(const BootMemory::RangeSet& ram) {
  if (flaw_ != nullptr) return;
  const bool said_nothing = range_count_ == 0 && cpu_count_ == 0;
  drop_ranges_outside(ram);
  if (said_nothing) return;
  if (range_count_ == 0) return reject("no node has memory");
  sort_ranges();
  merge_ranges();
  if (flaw_ != nullptr) return;
  collect_domains();
  for (usize i = 0; i < range_count_; ++i) ranges_[i].node = static_cast<u32>(node_of_domain(ranges_[i].node));
  for (usize i = 0; i < cpu_count_; ++i) cpus_[i].node = static_cast<u32>(node_of_domain(cpus_[i].node));
  other_nodes_ = static_cast<u32>(domain_count_) - 1;
}

i32 NumaTopology::node_of_domain(u32 domain) const {
  const auto end = domains_.begin() + domain_count_;
  const auto place = std::lower_bound(domains_.begin(), end, domain);
  return place != end && *place == domain ? static_cast<i32>(place - domains_.begin()) : -1;
}

void NumaTopology::set_distance(u32 from, u32 to, u64 distance) {
  if (flaw_ != nullptr || from >= nodes() || to >= nodes()) return;
  has_distances_ = true;
  if (distance < kLocal || distance > 0xff) return reject("a distance is below 10 or above 255");
  if (from == to && distance != kLocal) return reject("a node's distance to itself is not 10");
  distances_[from][to] = static_cast<u8>(distance);
}

void NumaTopology::mirror_distances() {
  if (flaw_ != nullptr) return;
  for (u32 from = 0; from < nodes(); ++from) {
    distances_[from][from] = kLocal;
    for (u32 to = 0; to < nodes(); ++to) {
      if (distances_[to][from] == 0) distances_[to][from] = distances_[from][to];
    }
  }
}

bool NumaTopology::distances_hold() const {
  for (u32 from = 0; from < nodes(); ++from) {
    for (u32 to = 0; to < nodes(); ++to) {
      if (distances_[from][to] == 0) return false;
    }
  }
  return true;
}

void NumaTopology::finish() {
  if (flaw_ == nullptr && has_distances_ && !distances_hold()) reject("two nodes have no distance from one another");
}

void NumaTopology::reject(const char* why) {
  if (flaw_ != nullptr) return;
  flaw_ = why;
  other_nodes_ = 0;
  range_count_ = cpu_count_ = domain_count_ = 0;
  has_distances_ = false;
}

u32 NumaTopology::node_of_memory(u64 address) const {
  const auto end = ranges_.begin() + range_count_;
  const auto behind =
      std::upper_bound(ranges_.begin(), end, address, [](u64 at, const Range& range) { return at < range.base; });
  if (behind != ranges_.begin()) return (behind - 1)->node;
  return range_count_ == 0 ? 0 : ranges_[0].node;
}

u64 NumaTopology::next_boundary(u64 address) const {
  for (usize i = 1; i < range_count_; ++i) {
    if (ranges_[i].base > address) return ranges_[i].base;
  }
  return ~u64{0};
}

i32 NumaTopology::node_of_cpu(u64 hardware_id) const {
  for (usize i = 0; i < cpu_count_; ++i) {
    if (cpus_[i].hardware_id == hardware_id) return static_cast<i32>(cpus_[i].node);
  }
  return -1;
}

u8 NumaTopology::distance(u32 from, u32 to) const {
  if (from == to) return kLocal;
  return has_distances_ ? distances_[from][to] : kRemote;
}

void NumaTopology::order_by_distance(u32 node, std::span<u8> order) const {
  for (u32 i = 0; i < nodes(); ++i) {
    const u32 next = (node + i) % nodes();
    usize to = i;
    for (; to > 1 && distance(node, next) < distance(node, order[to - 1]); --to) order[to] = order[to - 1];
    order[to] = static_cast<u8>(next);
  }
}

}  // namespace lib
