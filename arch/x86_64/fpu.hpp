// The FPU (x87, SSE, AVX) of user programs; the kernel never uses it.
//
// It is loaded when a thread first touches it after a switch (CR0.TS, #NM) and saved at the switch only if that
// happened. CpuLocal::fpu_live says that CR0.TS is clear and the registers belong to CpuLocal::user_state. All
// functions run on the CPU in question with interrupts off, but for those that say otherwise.
#pragma once

#include "hal/context.hpp"

namespace hal::arch {

// Control registers and the enabled state components of the calling CPU; then CR0.TS.
void fpu_init_cpu();

// #NM from user mode.
void fpu_first_use();

// Saves and disables the FPU if it is live.
void fpu_put_away();
// Disables the FPU without saving: its state is to be replaced.
void fpu_discard();

// si_code for #MF (x87) or #XM (SSE) of the current thread.
int fpu_exception_code(bool simd);

// The area of a thread, as signal frames want it.
//   [0, 464) FXSAVE legacy region   [464, 512) free for software   [512, xsave_size) XSAVE header and components
inline constexpr usize kLegacyFpuSize = 512;
inline constexpr usize kFpuSoftwareBytes = 464;

// Back to the initial state; what is in the area no longer counts. Any context.
void fpu_reset(void* area);
// Makes an area in the initial state an explicit one, byte for byte; leaves others alone. Any context.
void fpu_materialize(void* area);
// Replaces what a user program supplied for reserved or privileged bits. Any context.
void fpu_sanitize(void* area);
// After the legacy region alone was filled in: the CPU is to take x87 and SSE state from it, the rest initial.
void fpu_use_legacy_only(void* area);
// Marks an area as holding a state (what loading looks at). Any context.
void fpu_mark_used(void* area);
bool fpu_used(const void* area);

}  // namespace hal::arch
