// What a thread keeps outside its trap frame on RISC-V. The user's thread pointer is tp, in the frame.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

// Only the thread itself and, around a switch, the scheduler of the CPU that it runs on touch it.
struct ThreadState {
  VirtAddr stack_pointer = 0;   // while it does not run; context.S knows the offset
  void* fpu_area = nullptr;     // null for kernel threads
  void* vector_area = nullptr;  // null before the first use
};
static_assert(offsetof(ThreadState, stack_pointer) == 0);

}  // namespace hal::arch
