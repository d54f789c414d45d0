// The only instructions that touch user memory.
//
// The caller has checked the range against the user half (hal::is_user_range). A fault that on_page_fault() cannot
// resolve ends the call: it never brings the kernel down. With preemption off no fault is resolved, so that these may
// be called under a spinning lock to try without sleeping.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal {

// Return the bytes that were NOT copied, 0 for success.
extern "C" usize hal_copy_from_user(void* to, VirtAddr from, usize size);
extern "C" usize hal_copy_to_user(VirtAddr to, const void* from, usize size);
extern "C" usize hal_clear_user(VirtAddr to, usize size);

// Copies up to `capacity` bytes up to and including a NUL. Returns the length without it, `capacity` where none was
// found, -1 after a fault.
extern "C" isize hal_copy_string_from_user(char* to, VirtAddr from, usize capacity);

// One aligned 32-bit word at once. False after a fault.
extern "C" bool hal_load_user_u32(u32* value, VirtAddr from);
extern "C" bool hal_store_user_u32(VirtAddr to, u32 value);
// Compare and exchange, sequentially consistent: *seen is what was there. False after a fault.
extern "C" bool hal_exchange_user_u32(VirtAddr to, u32 expected, u32 desired, u32* seen);

}  // namespace hal
