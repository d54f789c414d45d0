// Vectors, and the interrupt descriptor table that all CPUs share. Built once by the boot CPU, constant afterwards.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

// Exceptions that the code names (Intel SDM vol. 3A, table 7-1).
enum class Exception : u8 {
  DivideError = 0,
  Debug = 1,
  Nmi = 2,
  Breakpoint = 3,
  Overflow = 4,
  BoundRange = 5,
  InvalidOpcode = 6,
  DeviceNotAvailable = 7,
  DoubleFault = 8,
  InvalidTss = 10,
  SegmentNotPresent = 11,
  StackFault = 12,
  GeneralProtection = 13,
  PageFault = 14,
  FloatingPoint = 16,
  AlignmentCheck = 17,
  MachineCheck = 18,
  SimdFloatingPoint = 19,
};

// A line of hal/irq.h has the vector kLineVectorBase + line: wired lines first, message-signalled ones above them.
inline constexpr u8 kLineVectorBase = 32;
inline constexpr u8 kLineVectorEnd = 0xf0;
inline constexpr u8 kVectorReschedule = 0xf0;
inline constexpr u8 kVectorCall = 0xf1;
inline constexpr u8 kVectorStop = 0xf2;
inline constexpr u8 kVectorTlb = 0xf3;
inline constexpr u8 kVectorTimer = 0xf4;
inline constexpr u8 kVectorApicError = 0xfe;
inline constexpr u8 kVectorSpurious = 0xff;

void load_idt();

}  // namespace hal::arch
