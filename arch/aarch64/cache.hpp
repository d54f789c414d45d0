// Data caches, for readers that do not look into them: CPUs that start, the interrupt controller's tables, and the
// kernel that firmware starts.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

// Puts memory where a reader without caches sees it (Arm ARM D7.5.8: to the point of coherency), and waits for that.
inline void clean_to_memory(const void* start, usize size) {
  u64 type;
  asm volatile("mrs %0, ctr_el0" : "=r"(type));
  const usize line = usize{4} << (type >> 16 & 0xf);  // CTR_EL0.DminLine, in words
  const VirtAddr begin = reinterpret_cast<VirtAddr>(start), end = begin + size;
  for (VirtAddr at = begin & ~(line - 1); at < end; at += line) asm volatile("dc cvac, %0" : : "r"(at) : "memory");
  asm volatile("dsb sy" : : : "memory");
}

}  // namespace hal::arch
