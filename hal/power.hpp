// Turning the machine off and on again.
#pragma once

namespace hal {

// Each tries the machine's ways in order (PSCI, SBI SRST, ACPI, reset registers) and halts when none works. The other
// CPUs are stopped already. Interrupts off.
[[noreturn]] void power_off();
[[noreturn]] void reboot();

}  // namespace hal
