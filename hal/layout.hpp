// Where things are in the kernel's half of every address space. Each architecture offers the numbers; they are chosen
// so that the smallest paging mode of the architecture can reach them.
//
//   arch::kDirectMapBase   all physical memory: virtual = physical + base, read and write, never executable
//   arch::kDirectMapSize   physical addresses from here on cannot be used as RAM
//   arch::kVmallocBase/End mappings made at run time: stacks with guard pages, device registers, modules
//   arch::kFrameTableBase  the array of PageFrame, one for each frame of RAM (sparse: holes are unmapped)
//   arch::kImageLinkBase   where the kernel image is linked; it runs at kImageLinkBase + slide
//   arch::user_end()       the first address that user programs cannot use
//   arch::kPlacementLimit  from here on nothing is placed but by a program's own wish
//   arch::kUserRootHasKernelHalf  see hal/tlb.hpp
//   arch::kUserMinimum     the lowest address that mmap hands out without MAP_FIXED
#pragma once

#include <arch_impl/layout.hpp>

#include "kernel/lib/types.hpp"

namespace hal {

inline void* phys_to_virt(PhysAddr address) { return reinterpret_cast<void*>(arch::kDirectMapBase + address.value); }
template <class T>
T* phys_to(PhysAddr address) {
  return static_cast<T*>(phys_to_virt(address));
}
// Only for addresses inside the direct map.
inline PhysAddr virt_to_phys(const void* address) {
  return {reinterpret_cast<VirtAddr>(address) - arch::kDirectMapBase};
}

// The limit is where programs rely on it: they keep marks in the upper 16 or 17 bits of pointers.
inline VirtAddr placement_end() {
  return arch::user_end() < arch::kPlacementLimit ? arch::user_end() : arch::kPlacementLimit;
}

inline bool is_user_range(VirtAddr address, usize size) {
  return address <= arch::user_end() && size <= arch::user_end() - address;
}

}  // namespace hal
