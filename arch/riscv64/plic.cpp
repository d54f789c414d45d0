#include "arch/riscv64/plic.hpp"

#include "arch/riscv64/boot.hpp"
#include "hal/io.h"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/mmu.h"

namespace hal::arch {
namespace {

// PLIC 3: offsets from the base; a context is one privilege mode of one hart.
constexpr usize kPriorities = 0, kEnables = 0x2000, kEnableStride = 0x80;
constexpr usize kContexts = 0x20'0000, kContextStride = 0x1000, kThreshold = 0, kClaim = 4;
constexpr u32 kMostLines = 1023;

// Written once by plic_init().
constinit volatile u8* registers = nullptr;
constinit volatile u8* context = nullptr;
constinit u32 lines = 0;
constinit lib::fdt::Node node;

// The context of the boot hart's supervisor mode: the position, among the controller's outputs, of the one that is that
// hart's external interrupt (Linux Documentation/devicetree/bindings/interrupt-controller/sifive,plic-1.0.0.yaml).
bool find_context(const lib::fdt::Tree& tree, lib::fdt::Node plic, usize& found) {
  constexpr u32 kSupervisorExternal = 9;
  for (usize i = 0;; ++i) {
    const auto output = tree.interrupt(plic, i);
    if (!output) return false;
    if (output->cells[0] != kSupervisorExternal) continue;
    const lib::fdt::Node cpu = tree.parent(output->controller);
    if (lib::fdt::read_cells(tree.bytes(cpu, "reg"), tree.address_cells(tree.parent(cpu))) != early_boot.hart) continue;
    found = i;
    return true;
  }
}

lib::fdt::Node find_controller(const lib::fdt::Tree& tree) {
  const lib::fdt::Node sifive = tree.find_compatible("sifive,plic-1.0.0");
  return sifive ? sifive : tree.find_compatible("riscv,plic0");
}

bool set_masked(u32 line, bool masked) {
  if (line == 0 || line > lines) return false;
  hal_mmio_write32(registers + kPriorities + line * 4, masked ? 0 : 1);
  return true;
}

u32 claim() { return hal_mmio_read32(context + kClaim); }
void complete(u32 line) { hal_mmio_write32(context + kClaim, line); }

u32 line_of(const lib::fdt::Interrupt& interrupt) {
  return interrupt.controller == node && interrupt.cells[0] <= lines ? interrupt.cells[0] : 0;
}

}  // namespace

bool plic_init(const lib::fdt::Tree& tree) {
  const lib::fdt::Node plic = find_controller(tree);
  const auto region = tree.reg(plic);
  usize number = 0;
  if (!plic || !region || !find_context(tree, plic, number)) return false;
  if (kContexts + (number + 1) * kContextStride > region->size) return false;
  auto* base = static_cast<volatile u8*>(
      hal_map_physical(region->base, region->size, HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_DEVICE));
  if (base == nullptr) return false;
  const u64 described = tree.number(plic, "riscv,ndev").value_or(kMostLines);
  lines = described < kMostLines ? static_cast<u32>(described) : kMostLines;
  node = plic;
  context = base + kContexts + number * kContextStride;
  for (u32 line = 1; line <= lines; ++line) hal_mmio_write32(base + kPriorities + line * 4, 0);
  for (u32 word = 0; word <= lines / 32; ++word) {
    hal_mmio_write32(base + kEnables + number * kEnableStride + word * 4, ~u32{0});
  }
  hal_mmio_write32(context + kThreshold, 0);
  registers = base;
  hal_log(HAL_LOG_INFO, "plic", "%u lines, context %zu", lines, number);
  return true;
}

const InterruptController plic = {
    .claim = claim, .complete = complete, .set_masked = set_masked, .line_of = line_of, .init_cpu = [] {}};

}  // namespace hal::arch
