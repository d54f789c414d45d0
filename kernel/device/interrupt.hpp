// What is told of interrupt lines: how often each came, for /proc/interrupts.
#pragma once

#include <optional>
#include <span>

#include "kernel/lib/types.hpp"

namespace device {

// The first line from `from` on that has handlers, and into `counts`, by CPU, how often it has come since the first of
// them. Any context.
std::optional<u32> next_line(u32 from, std::span<u64> counts);

}  // namespace device
