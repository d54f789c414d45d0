#include "hal/power.hpp"

#include "arch/aarch64/psci.hpp"
#include "hal/cpu.hpp"

namespace hal {

void power_off() {
  arch::psci_call(arch::Psci::SystemOff);
  halt_forever();
}

void reboot() {
  arch::psci_call(arch::Psci::SystemReset);
  halt_forever();
}

}  // namespace hal
