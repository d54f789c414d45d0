// The user's FS and GS bases, wherever they are just now: in the CPU for the thread that runs, else in its ThreadState.
#pragma once

#include "hal/context.hpp"

namespace hal::arch {

// `address` is a user address. Any context of the thread itself, or with a thread that does not run.
void set_segment_base(ThreadState& state, bool gs, VirtAddr address);
VirtAddr segment_base(const ThreadState& state, bool gs);

}  // namespace hal::arch
