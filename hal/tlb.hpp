// The translation caches of all CPUs.
#pragma once

#include "hal/user_root.hpp"
#include "kernel/lib/types.hpp"

namespace hal {

// The root that the boot code made: kernel half only. Where arch::kUserRootHasKernelHalf (<arch_impl/layout.hpp>) is
// true a user root must repeat its upper half of entries; where it is false the hardware has two roots and user roots
// hold user mappings only. Constant after boot; the kernel fills in the top-level entries that it will ever need before
// it makes the first user root.
PhysAddr kernel_root();

// Makes `root` the user half of the calling CPU's address space, which no longer uses what the TLB knows of the one
// before. The caller has set the CPU active in it, and clears that of the one before afterwards. Interrupts off. The
// kernel half is the same in every root.
void activate_root(UserRoot& root);

// Forgets translations of [start, end) (whole pages) in this CPU's TLB, whatever root they are of.
void tlb_flush_local(VirtAddr start, VirtAddr end);

// Entries of `root` for [start, end) were changed: no CPU uses the old ones when this returns. Interrupts on or off: a
// CPU that waits here answers others' requests while it does. Preemption off.
void tlb_flush_user(UserRoot& root, VirtAddr start, VirtAddr end);

// The same for kernel addresses, on every CPU.
void tlb_flush_kernel(VirtAddr start, VirtAddr end);

// After new instructions were written at [start, end) through another mapping, before they are executed (no effect
// where the hardware keeps instruction caches coherent). All CPUs.
void sync_instructions(VirtAddr start, VirtAddr end);

}  // namespace hal
