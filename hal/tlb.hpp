// The translation caches of all CPUs.
#pragma once

#include "hal/smp.hpp"
#include "kernel/lib/types.hpp"

namespace hal {

// The root that the boot code made: kernel half only. Where arch::kUserRootHasKernelHalf (<arch_impl/layout.hpp>) is
// true a user root must repeat its upper half of entries; where it is false the hardware has two roots and user roots
// hold user mappings only. Constant after boot; the kernel fills in the top-level entries that it will ever need before
// it makes the first user root.
PhysAddr kernel_root();

// Makes `root` the user half of the calling CPU's address space and drops what the TLB knew of the one before.
// Preemption off. The kernel half is the same in every root.
void activate_root(PhysAddr root);

// Forgets translations of [start, end) (whole pages) in this CPU's TLB.
void tlb_flush_local(VirtAddr start, VirtAddr end);

// The same on every CPU of `cpus`, the calling one included if set. Returns when all are done. For user addresses the
// mask is that of the CPUs on which the root is or was active; for kernel addresses all CPUs. Interrupts on or off:
// a CPU that waits here answers others' requests while it does. Preemption off.
void tlb_shootdown(const CpuMask& cpus, VirtAddr start, VirtAddr end);

// After new instructions were written at [start, end) through another mapping, before they are executed (no effect
// where the hardware keeps instruction caches coherent). All CPUs.
void sync_instructions(VirtAddr start, VirtAddr end);

}  // namespace hal
