// The kernel's own address space beyond the direct map: thread stacks with guard pages, device registers, modules.
//
// Stacks have an area of their own, cut into slots of twice the stack's size (the lower half of a slot is the guard),
// and a short list of mapped ones to use again. All else comes from the mapping area, first fit, with an unmapped page
// behind each range. Kernel page-table entries are guarded by one spinning lock.
#pragma once

#include "hal/page_flags.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"

namespace mm {

// The top of a new kernel stack (hal::kKernelStackSize bytes below it). May sleep.
Result<VirtAddr> allocate_stack();
// Nobody executes on it any more. Any context in which spinning locks may be taken.
void free_stack(VirtAddr top);

// `pages` of kernel address space with nothing mapped. May sleep.
Result<VirtAddr> reserve_range(usize pages);
// Unmaps and frees it; frames that were mapped with map_pages() are the caller's. May sleep.
void release_range(VirtAddr address, usize pages);

// Maps [address, address + size) to physical memory. EEXIST where something is mapped (nothing changed then), ENOMEM.
Status map_pages(VirtAddr address, PhysAddr physical, usize size, hal::PageFlags flags);
// Removes entries and waits for all TLBs.
void unmap_pages(VirtAddr address, usize size);
// The physical address behind a mapped kernel address, or 0.
PhysAddr resolve(VirtAddr address);

// Copies the kernel's half into a new user root, where the architecture has one root for both.
void copy_kernel_half(PhysAddr user_root);

}  // namespace mm
