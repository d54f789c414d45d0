// The local interrupt controller of each CPU: end of interrupt, interrupts to other CPUs, the timer.
//
// By MSRs where there is an x2APIC, else by memory (Intel SDM vol. 3A, chapter 11). Each CPU touches its own only; the
// mode is chosen by lapic_find() and constant afterwards.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

// Chooses the mode and, without x2APIC, maps the registers at `address`. Boot CPU, may allocate. False: cannot be
// reached.
bool lapic_find(PhysAddr address);
bool lapic_ready();
// Enables the calling CPU's, all local sources masked. Interrupts off.
void lapic_init_cpu();

// Lets the 8259's interrupts through on the calling CPU (LINT0 as ExtINT).
void lapic_accept_pic();

void lapic_end_of_interrupt();
// To the CPU with that APIC id.
void lapic_send_vector(u32 apic_id, u8 vector);
void lapic_send_nmi(u32 apic_id);
void lapic_send_init(u32 apic_id);
void lapic_send_startup(u32 apic_id, u8 page);

// The timer, at the bus clock without division.
void lapic_timer_one_shot_mode(bool tsc_deadline);
void lapic_timer_set(u32 count);
u32 lapic_timer_count();

}  // namespace hal::arch
