#include "arch/riscv64/aplic.hpp"

#include <algorithm>

#include "arch/riscv64/boot.hpp"
#include "hal/io.h"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/mmu.h"

namespace hal::arch {
namespace {

// AIA 1.0, 4.5: offsets of the domain's registers, and of a hart's delivery control (4.8.1).
constexpr usize kDomain = 0x0000, kSource = 0x0000, kClearPending = 0x1d00, kSetEnable = 0x1edc, kClearEnables = 0x1f00;
constexpr usize kClearEnable = 0x1fdc, kSetPending = 0x2000, kTarget = 0x3000, kDomainSize = 0x4000;
constexpr usize kHarts = 0x4000, kHartSize = 32, kHartDelivery = 0x00, kHartThreshold = 0x08, kHartClaim = 0x1c;
// domaincfg (4.5.1); sourcecfg (4.5.2); target (4.5.16).
constexpr u32 kDomainEnable = 1 << 8, kDomainMessages = 1 << 2;
constexpr u32 kInactive = 0, kRising = 4, kFalling = 5, kHigh = 6, kLow = 7;
constexpr u32 kTargetHartShift = 18, kHighestPriority = 1;

// Written once when it is initialized.
struct Domain {
  volatile u8* registers = nullptr;
  volatile u8* hart = nullptr;  // the boot hart's delivery control
  u32 hart_index = 0;
  u32 lines = 0;
  lib::fdt::Node node;
};
constinit Domain domain;

u32 read(usize offset) { return hal_mmio_read32(domain.registers + offset); }
void write(usize offset, u32 value) { hal_mmio_write32(domain.registers + offset, value); }

bool map(const lib::fdt::Tree& tree, lib::fdt::Node node, usize size) {
  const auto region = tree.reg(node);
  if (!region || region->size < size) return false;
  domain.registers = static_cast<volatile u8*>(
      hal_map_physical(region->base, region->size, HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_DEVICE));
  if (domain.registers == nullptr) return false;
  const u64 described = tree.number(node, "riscv,num-sources").value_or(0);
  domain.lines = static_cast<u32>(std::min<u64>(described, kWiredLineEnd - 1));
  domain.node = node;
  return true;
}

void quiet_all() {
  write(kDomain, 0);
  for (u32 word = 0; word <= domain.lines / 32; ++word) {
    write(kClearEnables + word * 4, ~u32{0});
    write(kClearPending + word * 4, ~u32{0});
  }
  for (u32 line = 1; line <= domain.lines; ++line) write(kSource + line * 4, kInactive);
}

// The trigger as a device tree has it (Linux include/dt-bindings/interrupt-controller/irq.h).
u32 source_mode(u32 trigger) {
  constexpr u32 kTreeRising = 1, kTreeFalling = 2, kTreeLow = 8;
  switch (trigger) {
    case kTreeRising: return kRising;
    case kTreeFalling: return kFalling;
    case kTreeLow: return kLow;
    default: return kHigh;
  }
}

bool is_edge(u32 mode) { return mode == kRising || mode == kFalling; }

// The boot hart's place among the controller's outputs.
bool find_hart(const lib::fdt::Tree& tree, lib::fdt::Node node, u32& found) {
  constexpr u32 kSupervisorExternal = 9, kMostHarts = 1 << 14;
  for (u32 i = 0; i < kMostHarts; ++i) {
    const auto output = tree.interrupt(node, i);
    if (!output || output->cells[0] != kSupervisorExternal) return false;
    const lib::fdt::Node cpu = tree.parent(output->controller);
    if (lib::fdt::read_cells(tree.bytes(cpu, "reg"), tree.address_cells(tree.parent(cpu))) != early_boot.hart) continue;
    found = i;
    return true;
  }
  return false;
}

u32 claim_direct() { return hal_mmio_read32(domain.hart + kHartClaim) >> 16 & (kWiredLineEnd - 1); }

}  // namespace

bool aplic_init_direct(const lib::fdt::Tree& tree) {
  u32 index = 0;
  lib::fdt::Node node = tree.find_compatible("riscv,aplic");
  while (node && !find_hart(tree, node, index)) node = tree.find_compatible("riscv,aplic", node);
  if (!node || !map(tree, node, kHarts + (usize{index} + 1) * kHartSize)) return false;
  quiet_all();
  domain.hart_index = index;
  domain.hart = domain.registers + kHarts + usize{index} * kHartSize;
  for (u32 line = 1; line <= domain.lines; ++line) {
    write(kTarget + line * 4, index << kTargetHartShift | kHighestPriority);
  }
  hal_mmio_write32(domain.hart + kHartThreshold, 0);
  hal_mmio_write32(domain.hart + kHartDelivery, 1);
  write(kDomain, kDomainEnable);
  hal_log(HAL_LOG_INFO, "aplic", "%u lines, delivered to hart index %u", domain.lines, index);
  return true;
}

bool aplic_init_messages(const lib::fdt::Tree& tree, lib::fdt::Node files) {
  const auto sends_there = [&](lib::fdt::Node node) {
    const auto parent = tree.number(node, "msi-parent");
    return parent && tree.find_phandle(static_cast<u32>(*parent)) == files;
  };
  lib::fdt::Node node = tree.find_compatible("riscv,aplic");
  while (node && !sends_there(node)) node = tree.find_compatible("riscv,aplic", node);
  if (!node || !map(tree, node, kDomainSize)) return false;
  quiet_all();
  write(kDomain, kDomainEnable | kDomainMessages);
  hal_log(HAL_LOG_INFO, "aplic", "%u lines, delivered as messages", domain.lines);
  return true;
}

u32 aplic_line(const lib::fdt::Interrupt& interrupt) {
  const u32 line = interrupt.cells[0];
  if (domain.registers == nullptr || interrupt.controller != domain.node || line > domain.lines || line == 0) return 0;
  const u32 mode = source_mode(interrupt.cells[1]);
  if (read(kSource + line * 4) != mode) write(kSource + line * 4, mode);
  // A line that is not wired to this domain reads as inactive.
  return read(kSource + line * 4) == kInactive ? 0 : line;
}

bool aplic_set_masked(u32 line, bool masked) {
  if (domain.registers == nullptr || line == 0 || line > domain.lines) return false;
  write(masked ? kClearEnable : kSetEnable, line);
  return true;
}

void aplic_set_target(u32 line, MessageTarget target) {
  write(kTarget + line * 4, target.hart_index << kTargetHartShift | target.identity);
}

// A level goes out as one message; a write to setipnum sends another only while it lasts (4.9.2). For an edge the same
// write would make an interrupt up.
void aplic_look_again(u32 line) {
  if (!is_edge(read(kSource + line * 4))) write(kSetPending, line);
}

// An answered line that is still high is pending again by itself (4.7).
const InterruptController aplic_direct = {
    .claim = claim_direct,
    .complete = [](u32) {},
    .set_masked = aplic_set_masked,
    .line_of = aplic_line,
    .init_cpu = [] {},
};

}  // namespace hal::arch
