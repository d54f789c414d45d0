// From the firmware's console to the device itself.
#pragma once

#include "kernel/lib/fdt/tree.hpp"

namespace hal::arch {

// Takes over the serial port that the device tree names, if it is a 16550. Boot CPU, once, when devices can be mapped.
void console_attach(const lib::fdt::Tree& tree);

}  // namespace hal::arch
