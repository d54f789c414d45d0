// Starting memory management, in this order. Boot CPU; interrupts off until noted.
#pragma once

#include "hal/boot_info.hpp"

namespace mm {

// The frame table and the free lists. After this allocate_frame() works.
void init_frames(const hal::BootInfo& boot);
// The kernel's address space: top-level tables, stack and mapping areas.
void init_kernel_map();
// The heap: lib::allocate() works afterwards.
void init_heap();
// Caches for the other CPUs, once their number is known and before they start.
void init_frame_caches(u32 cpus);
void init_heap_caches(u32 cpus);

// Boot memory that is not needed any more: the initramfs archive, boot loader data.
void give_back_boot_memory(PhysAddr base, u64 size);

}  // namespace mm
