// Radix page tables of 512 entries a level, the form that all three architectures share.
//
// Format (from <arch_impl/pte.hpp>, held by the concept PageTableFormat) knows the bits; this file knows the walk.
// It serves the architecture's boot code, before there is a direct map, and kernel/mm afterwards: both say how to reach
// a table (TableAccess::table) and how to get a new one (TableAccess::allocate). Level 0 holds 4 KiB pages, level 1
// 2 MiB, level 2 1 GiB.
//
// Nothing here locks and nothing flushes the TLB: the caller does both.
#pragma once

#include <concepts>

#include "hal/page_flags.hpp"
#include "kernel/lib/types.hpp"

namespace hal {

template <class F>
concept PageTableFormat = requires(u64 entry, PhysAddr address, PageFlags flags, unsigned level) {
  { F::levels() } -> std::same_as<unsigned>;          // 3 to 5, constant after boot
  { F::max_leaf_level() } -> std::same_as<unsigned>;  // the largest page that this CPU maps: 1 or 2
  { F::make_table(address) } -> std::same_as<u64>;
  { F::make_leaf(address, level, flags) } -> std::same_as<u64>;
  { F::present(entry) } -> std::same_as<bool>;
  { F::is_leaf(entry, level) } -> std::same_as<bool>;  // only for present entries
  { F::address(entry) } -> std::same_as<PhysAddr>;     // of the page or of the next table
  { F::flags(entry) } -> std::same_as<PageFlags>;      // only for leaves; what make_leaf() was given
};

// How the walk reaches memory. allocate() returns a cleared page, or 0 where there is none.
template <class A>
concept TableAccess = requires(A access, PhysAddr address) {
  { access.table(address) } -> std::same_as<u64*>;
  { access.allocate() } -> std::same_as<PhysAddr>;
};

inline constexpr unsigned kTableShift = 9;
inline constexpr usize kTableEntries = usize{1} << kTableShift;

constexpr u64 level_size(unsigned level) { return u64{kPageSize} << (kTableShift * level); }
constexpr usize level_index(VirtAddr address, unsigned level) {
  return (address >> (kPageShift + kTableShift * level)) & (kTableEntries - 1);
}

template <PageTableFormat Format, TableAccess Access>
class PageTableWalker {
 public:
  PageTableWalker(PhysAddr root, Access access) : root_(root), access_(access) {}

  struct Slot {
    u64* entry = nullptr;  // null: a table on the way is missing (find) or could not be allocated (make)
    unsigned level = 0;
  };

  // The entry that decides about `address`: the leaf, or the first entry that is not present. Never allocates.
  Slot find(VirtAddr address) const {
    u64* table = access_.table(root_);
    for (unsigned level = Format::levels() - 1;; --level) {
      u64* entry = &table[level_index(address, level)];
      if (level == 0 || !Format::present(*entry) || Format::is_leaf(*entry, level)) return {entry, level};
      table = access_.table(Format::address(*entry));
    }
  }

  // The entry of `level` for `address`, with the tables above it created. Stops early at a larger leaf, whose slot it
  // returns (compare the level). A null entry means that no table could be allocated; tables made so far stay.
  Slot make(VirtAddr address, unsigned level) {
    u64* table = access_.table(root_);
    for (unsigned at = Format::levels() - 1;; --at) {
      u64* entry = &table[level_index(address, at)];
      if (at == level) return {entry, at};
      if (!Format::present(*entry)) {
        const PhysAddr fresh = access_.allocate();
        if (fresh.value == 0) return {nullptr, at};
        *entry = Format::make_table(fresh);
      } else if (Format::is_leaf(*entry, at)) {
        return {entry, at};
      }
      table = access_.table(Format::address(*entry));
    }
  }

  // Maps [address, address + size) to `physical` with the largest pages that alignment allows. The range must be
  // page-aligned and unmapped. False when a table could not be allocated; what was mapped so far stays.
  [[nodiscard]] bool map_range(VirtAddr address, PhysAddr physical, u64 size, PageFlags flags) {
    while (size != 0) {
      unsigned level = Format::max_leaf_level();
      while (level > 0 && (((address | physical.value) & (level_size(level) - 1)) != 0 || size < level_size(level))) {
        --level;
      }
      const Slot slot = make(address, level);
      if (slot.entry == nullptr || slot.level != level) return false;
      *slot.entry = Format::make_leaf(physical, level, flags);
      address += level_size(level);
      physical += level_size(level);
      size -= level_size(level);
    }
    return true;
  }

  PhysAddr root() const { return root_; }

 private:
  PhysAddr root_;
  [[no_unique_address]] mutable Access access_;
};

}  // namespace hal
