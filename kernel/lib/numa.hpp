// Which memory and which CPUs are near one another: the machine's nodes, as firmware tells them.
//
// Firmware names nodes by proximity domains, sparse numbers of its own; here they are nodes 0 to n-1, in the order of
// the domains. Whoever reads a table fills an object in this order, on the boot CPU, before there is an allocator:
// add_memory() and add_cpu(), then number_nodes(), then set_distance(), then finish(). Afterwards nobody changes it.
//
// Invariants: (1) there is always a node 0, and an object that nobody filled is a machine of that one node; (2) ranges
// are sorted, page-aligned and do not overlap; (3) every node has RAM or a CPU in the table; (4) what contradicts
// itself is not believed in part: reject() leaves one node, and flaw() the reason.
//
// The tables are fixed because nothing can be allocated yet. What does not fit them is counted in dropped(): such
// memory counts with the range before it, such CPUs with node 0. No locks, no allocation.
#pragma once

#include <array>
#include <span>

#include "kernel/lib/boot_memory.hpp"
#include "kernel/lib/types.hpp"

namespace lib {

class NumaTopology {
 public:
  static constexpr usize kMaxNodes = 64;  // as Linux on x86-64: MAX_NUMNODES
  static constexpr usize kMaxRanges = 2 * kMaxNodes;
  static constexpr usize kMaxCpus = 256;  // hal::kMaxCpus
  // Relative cost of an access (ACPI 6.5, 5.2.17): to the node's own memory, and what is assumed where nothing is said.
  static constexpr u8 kLocal = 10, kRemote = 20;

  struct Range {
    u64 base = 0;
    u64 end = 0;  // exclusive
    u32 node = 0;
  };

  // Memory of no size says nothing. Ranges of one domain may overlap or touch.
  void add_memory(u64 base, u64 size, u32 domain);
  // `hardware_id` is what the architecture calls a CPU: APIC id, MPIDR affinity, hart id.
  void add_cpu(u64 hardware_id, u32 domain);
  // Forgets ranges without RAM (room for more of it, or cut off by `mem=`) and replaces domains by nodes.
  void number_nodes(const BootMemory::RangeSet& ram);
  // 0 and more: the node of that domain; -1 where it has no node.
  i32 node_of_domain(u32 domain) const;
  void set_distance(u32 from, u32 to, u64 distance);
  // Takes a distance that is told in one direction alone for the other as well.
  void mirror_distances();
  // All pairs of nodes must have a distance, or none.
  void finish();
  // `why` lives as long as the kernel. The first reason stays.
  void reject(const char* why);

  u32 nodes() const { return other_nodes_ + 1; }
  std::span<const Range> ranges() const { return {ranges_.data(), range_count_}; }
  // RAM that no range claims belongs to the range before it, or to the first.
  u32 node_of_memory(u64 address) const;
  // The first address above `address` from which memory may be another node's; ~0: there is none.
  u64 next_boundary(u64 address) const;
  // -1 where no table mentions the CPU.
  i32 node_of_cpu(u64 hardware_id) const;
  u8 distance(u32 from, u32 to) const;
  // All nodes into `order` (of nodes() elements), the nearest to `node` first, itself before all others; among equals
  // those that follow it come first, so that neighbours do not all burden the same one.
  void order_by_distance(u32 node, std::span<u8> order) const;

  // Null: nothing was wrong.
  const char* flaw() const { return flaw_; }
  u32 dropped() const { return dropped_; }

 private:
  struct Cpu {
    u64 hardware_id = 0;
    u32 node = 0;
  };

  void drop_ranges_outside(const BootMemory::RangeSet& ram);
  void sort_ranges();
  void merge_ranges();
  bool note_domain(u32 domain);
  template <class Entry>
  usize keep_placed(Entry* entries, usize count);
  void collect_domains();
  bool distances_hold() const;

  const char* flaw_ = nullptr;
  u32 other_nodes_ = 0;  // all that is 0 at first costs nothing in the kernel's file
  u32 dropped_ = 0;
  usize range_count_ = 0;
  usize cpu_count_ = 0;
  usize domain_count_ = 0;
  bool has_distances_ = false;
  std::array<u32, kMaxNodes> domains_{};  // sorted; the index is the node
  std::array<Range, kMaxRanges> ranges_{};
  std::array<Cpu, kMaxCpus> cpus_{};
  u8 distances_[kMaxNodes][kMaxNodes] = {};  // 0: nobody said
};

}  // namespace lib
