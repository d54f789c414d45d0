#include "arch/x86_64/calibrate.hpp"

#include "arch/x86_64/acpi.hpp"
#include "arch/x86_64/instructions.hpp"
#include "arch/x86_64/lapic.hpp"
#include "arch_impl/counter.hpp"
#include "hal/cpu.hpp"
#include "hal/io.h"
#include "hal/mem.h"
#include "hal/mmu.h"

namespace hal::arch {
namespace {

constexpr u64 kMeasureNs = 10'000'000;

// A clock that counts up in 32 bits, or fewer: differences are taken modulo `mask` + 1.
class Reference {
 public:
  // Prefers the HPET. False: the machine has neither.
  bool open() { return open_hpet() || open_pit(); }

  u32 count() const { return hpet_ != nullptr ? hal_mmio_read32(hpet_ + kHpetCounter) : pit_count(); }
  u64 ns_between(u32 start, u32 end) const {
    const u64 counts = (end - start) & mask_;
    return counts * period_fs_ / 1'000'000;  // below 2^32 * 10^8 with the HPET: no overflow
  }

 private:
  // IA-PC HPET 1.0a, 2.3.
  static constexpr usize kHpetPeriod = 0x04, kHpetConfiguration = 0x10, kHpetCounter = 0xf0, kHpetSize = 0x400;
  // Intel 8254, channel 2; port 61h has its gate.
  static constexpr u16 kPitChannel2 = 0x42, kPitControl = 0x43, kGate = 0x61;

  bool open_hpet() {
    const PhysAddr address = lib::acpi::hpet_address(acpi_tables().find(lib::acpi::signature("HPET")));
    if (address.value == 0) return false;
    auto* window = static_cast<volatile u8*>(
        hal_map_physical(address.value, kHpetSize, HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_DEVICE));
    if (window == nullptr) return false;
    period_fs_ = hal_mmio_read32(window + kHpetPeriod);
    constexpr u64 kLongestPeriod = 100'000'000;  // by the specification: 10 MHz or faster
    if (period_fs_ == 0 || period_fs_ > kLongestPeriod) return false;
    hal_mmio_write32(window + kHpetConfiguration, hal_mmio_read32(window + kHpetConfiguration) | 1);
    hpet_ = window;
    mask_ = 0xffff'ffff;
    if (is_running()) return true;
    hpet_ = nullptr;
    return false;
  }

  // Counts down from 65536 again and again (mode 2), which takes 55 ms: longer than we measure.
  bool open_pit() {
    out8(kGate, static_cast<u8>((in8(kGate) & ~0x02) | 0x01));  // counting on, speaker off
    out8(kPitControl, 0xb4);
    out8(kPitChannel2, 0);
    out8(kPitChannel2, 0);
    period_fs_ = 838'095'345;  // 1193182 Hz
    mask_ = 0xffff;
    return is_running();
  }

  u32 pit_count() const {
    out8(kPitControl, 0x80);  // latch channel 2
    const u32 low = in8(kPitChannel2);
    return ~(low | u32{in8(kPitChannel2)} << 8);
  }

  bool is_running() const {
    const u32 before = count();
    for (int i = 0; i < 10'000; ++i) {
      if (((count() - before) & mask_) != 0) return true;
    }
    return false;
  }

  volatile u8* hpet_ = nullptr;
  u64 period_fs_ = 0;
  u32 mask_ = 0;
};

// All clocks at one moment. Of several readings the one that was disturbed least: an emulator or a system-management
// interrupt may come between any two instructions.
struct Sample {
  u32 reference = 0, lapic = 0;
  u64 tsc = 0;
};
Sample sample(const Reference& reference) {
  constexpr int kReadings = 5;
  Sample best;
  u64 best_width = ~u64{0};
  for (int i = 0; i < kReadings; ++i) {
    const u64 before = read_tsc();
    const u32 count = reference.count();
    const u32 lapic = lapic_timer_count();
    const u64 width = read_tsc() - before;
    if (width >= best_width) continue;
    best_width = width;
    best = {count, lapic, before + width / 2};
  }
  return best;
}

}  // namespace

Rates measure_rates() {
  lapic_timer_one_shot_mode(false);
  lapic_timer_set(~u32{0});
  Reference reference;
  if (!reference.open()) return {};
  const Sample start = sample(reference);
  while (reference.ns_between(start.reference, reference.count()) < kMeasureNs) relax();
  const Sample end = sample(reference);
  lapic_timer_set(0);
  // The local APIC's timer counts down.
  return {reference.ns_between(start.reference, end.reference), end.tsc - start.tsc, u64{start.lapic - end.lapic}};
}

}  // namespace hal::arch
