#include "hal/power.hpp"

#include "arch/x86_64/acpi.hpp"
#include "arch/x86_64/instructions.hpp"
#include "arch/x86_64/power.hpp"
#include "hal/cpu.hpp"
#include "hal/io.h"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "hal/timer.h"

namespace hal {
namespace arch {
namespace {

// A byte-wide register of the FADT, mapped while the machine is well.
class ByteRegister {
 public:
  void open(const lib::acpi::Register& where) {
    if (where.address == 0) return;
    if (where.space == lib::acpi::Space::Port) port_ = static_cast<u16>(where.address);
    if (where.space != lib::acpi::Space::Memory) return;
    memory_ =
        static_cast<volatile u8*>(hal_map_physical(where.address, 1, HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_DEVICE));
  }
  void write(u8 value) const {
    if (memory_ != nullptr) hal_mmio_write8(memory_, value);
    if (port_ != 0) out8(port_, value);
  }

 private:
  volatile u8* memory_ = nullptr;
  u16 port_ = 0;
};

constinit lib::acpi::SleepType soft_off;
constinit ByteRegister reset_register, sleep_control;

constexpr u16 kSleepEnable = 1 << 13;  // PM1 control register (ACPI 6.5, table 4.16)
constexpr u16 kSciEnable = 1 << 0;

void write_pm1(u32 port, u8 sleep_type) {
  if (port != 0) out16(static_cast<u16>(port), static_cast<u16>((sleep_type & 7) << 10 | kSleepEnable));
}

void acpi_power_off() {
  const lib::acpi::Fadt& fadt = acpi_fadt();
  if (!soft_off.found) return;
  if (fadt.hardware_reduced) {
    constexpr u8 kSleep = 1 << 5;  // sleep control register (4.8.3.7)
    sleep_control.write(static_cast<u8>((soft_off.pm1a & 7) << 2 | kSleep));
    hal_timer_delay_us(100'000);
  }
  if (fadt.pm1a_control_port == 0) return;
  const u16 pm1a = static_cast<u16>(fadt.pm1a_control_port);
  // The machine may still be in legacy mode, where the registers do nothing (4.8.2.5).
  if ((in16(pm1a) & kSciEnable) == 0 && fadt.smi_command_port != 0 && fadt.acpi_enable_value != 0) {
    out8(static_cast<u16>(fadt.smi_command_port), fadt.acpi_enable_value);
    for (int tries = 0; tries < 3000 && (in16(pm1a) & kSciEnable) == 0; ++tries) hal_timer_delay_us(100);
  }
  write_pm1(fadt.pm1a_control_port, soft_off.pm1a);
  write_pm1(fadt.pm1b_control_port, soft_off.pm1b);
  hal_timer_delay_us(100'000);
}

void acpi_reset() {
  // A register in PCI space is not written: machines that have one take port CF9h as well.
  if (!acpi_fadt().has_reset) return;
  reset_register.write(acpi_fadt().reset_value);
  hal_timer_delay_us(50'000);
}

void chipset_reset() {
  constexpr u16 kResetControl = 0xcf9;  // Intel ICH and later: hard reset on the rising edge of bit 2
  out8(kResetControl, 0x02);
  hal_timer_delay_us(50);
  out8(kResetControl, 0x06);
  hal_timer_delay_us(50'000);
}

void keyboard_reset() {
  constexpr u16 kStatus = 0x64;
  for (int tries = 0; tries < 1000 && (in8(kStatus) & 2) != 0; ++tries) hal_timer_delay_us(10);
  out8(kStatus, 0xfe);  // pulses the reset line
  hal_timer_delay_us(50'000);
}

[[noreturn]] void triple_fault() {
  struct [[gnu::packed]] {
    u16 limit = 0;
    u64 base = 0;
  } const empty;
  asm volatile("lidt %0\n\tint3" : : "m"(empty));
  halt_forever();
}

}  // namespace

void prepare_power() {
  soft_off = lib::acpi::find_s5(acpi_tables().at(acpi_fadt().dsdt));
  reset_register.open(acpi_fadt().reset);
  sleep_control.open(acpi_fadt().sleep_control);
}

}  // namespace arch

void power_off() {
  arch::acpi_power_off();
  // QEMU's q35 and pc, old QEMU and Bochs, VirtualBox.
  arch::out16(0x604, 0x2000);
  arch::out16(0xb004, 0x2000);
  arch::out16(0x4004, 0x3400);
  halt_forever();
}

void reboot() {
  arch::acpi_reset();
  arch::chipset_reset();
  arch::keyboard_reset();
  arch::triple_fault();
}

}  // namespace hal
