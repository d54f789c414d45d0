#pragma once

#include "kernel/lib/types.hpp"

namespace test {

// Frames that are allocated now: a test that loses one finds out.
u64 frames_in_use();

}  // namespace test
