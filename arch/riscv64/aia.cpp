#include "arch/riscv64/aia.hpp"

#include <atomic>

#include "arch/riscv64/aplic.hpp"
#include "arch/riscv64/imsic.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/log.h"

namespace hal::arch {
namespace {

constexpr u32 kBootCpu = 0;

constinit bool in_charge = false;

// The boot CPU's identities and the wired lines behind them, both ways; 0: none. Changed while devices are found, by
// one thread at a time.
constinit std::atomic<u16> wired_lines[kIdentities] = {};
constinit std::atomic<u16> identities[kWiredLineEnd] = {};

struct Place {
  u32 cpu;
  u32 identity;
};
u32 line_at(Place place) { return kWiredLineEnd + place.cpu * kIdentities + place.identity; }
Place place_of(u32 line) { return {(line - kWiredLineEnd) / kIdentities, (line - kWiredLineEnd) % kIdentities}; }

bool is_message(u32 line) {
  if (line < kWiredLineEnd) return false;
  const Place place = place_of(line);
  if (place.cpu >= hal_cpu_count() || !imsic_is_taken(place.cpu, place.identity)) return false;
  return place.cpu != kBootCpu || wired_lines[place.identity] == 0;
}

u32 claim() {
  const u32 identity = imsic_claim();
  if (identity == 0) return 0;
  const u32 cpu = current_cpu()->id;
  const u32 wired = cpu == kBootCpu ? wired_lines[identity].load() : 0;
  return wired != 0 ? wired : line_at({cpu, identity});
}

void complete(u32 line) {
  if (line < kWiredLineEnd) aplic_look_again(line);
}

bool set_masked(u32 line, bool masked) {
  if (line < kWiredLineEnd) return aplic_set_masked(line, masked);
  if (!is_message(line)) return false;
  const Place place = place_of(line);
  imsic_set_masked(place.cpu, place.identity, masked);
  return true;
}

// Masked at the APLIC as before; its identity is not.
bool give_identity(u32 line) {
  const PhysAddr address = imsic_address(kBootCpu);
  const u32 identity = address.value == 0 ? 0 : imsic_allocate(kBootCpu);
  if (identity == 0) return false;
  wired_lines[identity] = static_cast<u16>(line);
  identities[line] = static_cast<u16>(identity);
  aplic_set_target(line, {.hart_index = imsic_hart_index(address), .identity = identity});
  imsic_set_masked(kBootCpu, identity, false);
  return true;
}

u32 line_of(const lib::fdt::Interrupt& interrupt) {
  const u32 line = aplic_line(interrupt);
  if (line == 0 || identities[line] != 0 || give_identity(line)) return line;
  hal_log(HAL_LOG_WARNING, "imsic", "no identity is left for line %u", line);
  return 0;
}

}  // namespace

bool aia_init(const lib::fdt::Tree& tree) {
  if (!imsic_find(tree)) return false;
  imsic_init_cpu();
  if (!aplic_init_messages(tree, imsic_node())) {
    hal_log(HAL_LOG_WARNING, "imsic", "no APLIC sends messages: wired devices cannot interrupt");
  }
  in_charge = true;
  return true;
}

const InterruptController aia = {
    .claim = claim, .complete = complete, .set_masked = set_masked, .line_of = line_of, .init_cpu = imsic_init_cpu};

Result<Message> aia_allocate_message(u32 cpu) {
  if (!in_charge) return Err(Errno::EOPNOTSUPP);
  if (cpu >= hal_cpu_count()) return Err(Errno::EINVAL);
  const PhysAddr address = imsic_address(cpu);
  if (address.value == 0) return Err(Errno::EOPNOTSUPP);
  const u32 identity = imsic_allocate(cpu);
  if (identity == 0) return Err(Errno::ENOSPC);
  return Message{.line = line_at({cpu, identity}), .data = identity, .address = address};
}

void aia_free_message(u32 line) {
  if (!in_charge || !is_message(line)) return;
  const Place place = place_of(line);
  imsic_release(place.cpu, place.identity);
}

}  // namespace hal::arch
