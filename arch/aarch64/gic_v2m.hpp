// GICv2m: frames of registers that turn a device's message into a shared line of the distributor (Arm Server Base
// System Architecture, appendix "GICv2m architecture"; Linux
// Documentation/devicetree/bindings/interrupt-controller/arm,gic.yaml).
//
// A frame has lines of its own, which are edge-triggered and nobody else's. Frames are constant after boot; which lines
// are given out is guarded by a lock that is taken with interrupts off and after any other.
#pragma once

#include "arch/aarch64/cpu.hpp"
#include "hal/bus.hpp"

namespace hal::arch {

// The distributor behind the frames (gic.hpp).
struct LineRoutes {
  u32 lines = 0;
  void (*set_trigger)(u32 line, bool edge) = nullptr;
  void (*route)(u32 line, const CpuLocal& target) = nullptr;
};

struct FrameDescription {
  u32 name = 0;  // what descriptions of the machine call it
  PhysAddr registers;
  // What counts instead of the frame's own register; nothing: nothing does.
  std::optional<u32> first_line, line_count;
};

// Boot CPU, once, then for each frame; may sleep.
void v2m_open(const LineRoutes& routes);
void v2m_add(const FrameDescription& description);

// A message of that frame, at that CPU. EOPNOTSUPP where there is none of the two, ENOSPC. Any context.
Result<Message> v2m_allocate(u32 name, u32 cpu);
void v2m_free(u32 line);

}  // namespace hal::arch
