// The incoming MSI controllers (RISC-V Advanced Interrupt Architecture 1.0, chapter 3): each hart has an interrupt file
// for its supervisor mode, to which devices write the number (identity) of an interrupt.
//
// A file's enable bits can be reached by its own hart alone. So each file has a set of the identities that are wanted,
// which any CPU may change, and the hart copies it to its file when it is asked to (kSynchronizeFile, smp.hpp). An
// interrupt that comes in between is put back and kept for the time when it is wanted again. Files of CPUs that have
// not started are set up when they do.
//
// Lock: one for giving out identities; everything else is atomic words.
#pragma once

#include "kernel/lib/fdt/tree.hpp"

namespace hal::arch {

// Files with more than 255 identities have the others unused: of every CPU that is enough.
inline constexpr u32 kIdentities = 256;

// Finds them. False: this machine has none, or the CPU does not have the registers. Boot CPU, once.
bool imsic_find(const lib::fdt::Tree& tree);
lib::fdt::Node imsic_node();

// The calling CPU's file: on, with what is wanted. Interrupts off.
void imsic_init_cpu();
// Another CPU changed what is wanted of the calling one. Interrupts off.
void imsic_synchronize();

// An identity of that CPU, masked; 0 when all are taken.
u32 imsic_allocate(u32 cpu);
void imsic_release(u32 cpu, u32 identity);
bool imsic_is_taken(u32 cpu, u32 identity);

// Where a device writes the CPU's identities, 0 if the tree does not say. May sleep.
PhysAddr imsic_address(u32 cpu);

// Any context.
void imsic_set_masked(u32 cpu, u32 identity, bool masked);

// The next pending identity of the calling CPU, which counts as answered, or 0. Interrupts off.
u32 imsic_claim();

// An address in the form in which an APLIC's registers have it (AIA 1.0, 4.9.1): the hart's number.
u32 imsic_hart_index(PhysAddr address);

}  // namespace hal::arch
