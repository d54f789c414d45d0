#include "hal/power.hpp"

#include "arch/riscv64/sbi.hpp"
#include "hal/cpu.hpp"

namespace hal {
namespace {

// SBI 2.0, chapter 10.
enum class Reset : u64 { Shutdown = 0, ColdReboot = 1, WarmReboot = 2 };

void system_reset(Reset kind) { arch::sbi_call(arch::SbiExtension::Reset, 0, static_cast<u64>(kind)); }

}  // namespace

void power_off() {
  system_reset(Reset::Shutdown);
  arch::sbi_call(arch::SbiExtension::LegacyShutdown, 0);
  halt_forever();
}

void reboot() {
  system_reset(Reset::ColdReboot);
  system_reset(Reset::WarmReboot);
  halt_forever();
}

}  // namespace hal
