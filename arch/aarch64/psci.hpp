// The firmware's power interface, PSCI (Arm DEN 0022F.b), by which CPUs are started and the machine is turned off.
// Any context.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

// How the firmware is called; firmware says which.
enum class PsciConduit : u8 { None, Smc, Hvc };

enum class Psci : u64 { SystemOff = 0x8400'0008, SystemReset = 0x8400'0009, CpuOn = 0xc400'0003 };

// 5.2.2
inline constexpr i32 kPsciSuccess = 0, kPsciNotSupported = -1;

i32 psci_call(Psci function, u64 first = 0, u64 second = 0, u64 third = 0);

}  // namespace hal::arch
