// What the device tree says (Devicetree Specification 0.4, 3.4 to 3.6; Linux's additions to /chosen), as a BootInfo.
// Where ACPI describes the machine the tree is the EFI stub's, and has /chosen alone (kernel/lib/efi/handover.hpp).
#include <algorithm>
#include <cstring>

#include "arch/aarch64/acpi.hpp"
#include "arch/aarch64/boot.hpp"
#include "hal/console.h"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/efi/handover.hpp"

namespace hal::arch {

constinit EarlyBoot early_boot;

namespace {

// The boot protocol's limit (Linux Documentation/arch/arm64/booting.rst, 2).
constexpr usize kDeviceTreeMax = 2 * MiB;

using lib::fdt::Region;
using lib::fdt::Tree;

void set_command_line(std::string_view text) {
  BootInfo& info = early_boot.info;
  const usize length = std::min(text.size(), BootInfo::kCommandLineMax - 1);
  std::memcpy(info.command_line, text.data(), length);
  info.command_line[length] = 0;
  info.command_line_cut = length < text.size();
}

// The parts of a region that no `no-map` reservation covers: what is in one must not even be mapped, since firmware may
// keep the CPU from reading ahead into it.
void add_ram(const Tree& tree, Region ram) {
  Region first_hole;
  tree.for_each_reserved([&](Region hole, bool no_map) {
    if (!no_map || hole.base >= ram.base + ram.size || hole.base + hole.size <= ram.base) return;
    if (first_hole.size == 0 || hole.base < first_hole.base) first_hole = hole;
  });
  if (first_hole.size == 0) {
    early_boot.info.memory.add_ram(ram.base, ram.size);
    return;
  }
  const u64 end = ram.base + ram.size, hole_end = align_up(first_hole.base + first_hole.size, kPageSize);
  if (first_hole.base > ram.base) early_boot.info.memory.add_ram(ram.base, first_hole.base - ram.base);
  if (hole_end < end) add_ram(tree, {hole_end, end - hole_end});
}

// Where UEFI started us its map counts, as handover.cpp left it. False: it did not.
bool find_firmware_memory(const Tree& tree) {
  constexpr u64 kMost = MiB;
  const lib::fdt::Node chosen = tree.find("/chosen");
  const auto start = tree.number(chosen, "linux,uefi-mmap-start"), size = tree.number(chosen, "linux,uefi-mmap-size");
  const auto step = tree.number(chosen, "linux,uefi-mmap-desc-size");
  if (!start || !size || !step || *size == 0 || *size > kMost) return false;
  early_boot.memory_map = {{*start}, *size};
  early_boot.memory_map_step = *step;
  lib::efi::for_each_ram(early_boot.firmware_map(), [&](u64 base, u64 bytes) { add_ram(tree, {base, bytes}); });
  return true;
}

void find_memory(const Tree& tree) {
  BootInfo& info = early_boot.info;
  lib::BootMemory& memory = info.memory;
  constexpr u64 kMinimumLimit = 32 * MiB;
  if (!find_firmware_memory(tree)) tree.for_each_memory([&](Region ram) { add_ram(tree, ram); });
  // As on Linux the option counts bytes; RAM does not start at 0 here.
  if (const auto most = lib::CommandLine(info.command_line).size("mem"); most && *most >= kMinimumLimit) {
    u64 left = align_down(*most, kPageSize);
    for (const auto& range : memory.ram()) {
      if (range.size() > left) {
        memory.limit_ram(range.base + left);
        break;
      }
      left -= range.size();
    }
  }
  memory.limit_ram(kDirectMapSize);
  memory.reserve(info.kernel_image.base.value, info.kernel_image.size);
  memory.reserve(info.initramfs.base.value, info.initramfs.size);
  memory.reserve(info.device_tree.base.value, info.device_tree.size);
  memory.reserve(early_boot.memory_map.base.value, early_boot.memory_map.size);
  for_each_acpi_piece([&](u64 base, u64 size) { memory.reserve(base, size); });
  tree.for_each_reserved([&](Region taken, bool) { memory.reserve(taken.base, taken.size); });
  // 0 is what BootMemory answers when it has nothing.
  memory.reserve(0, kPageSize);
}

void find_console(const Tree& tree) {
  lib::fdt::Node node = tree.standard_output();
  if (!tree.is_compatible(node, "arm,pl011")) node = tree.find_compatible("arm,pl011");
  const auto registers = tree.reg(node);
  if (!registers) return;
  early_boot.console = {{registers->base}, gic_line(tree.interrupt(node))};
}

void find_firmware(const Tree& tree) {
  lib::fdt::Node node = tree.find_compatible("arm,psci-1.0");
  if (!node) node = tree.find_compatible("arm,psci-0.2");
  const std::string_view method = tree.text(node, "method");
  if (method == "smc") early_boot.psci = PsciConduit::Smc;
  if (method == "hvc") early_boot.psci = PsciConduit::Hvc;
}

void collect_seed(const Tree& tree) {
  BootInfo& info = early_boot.info;
  const lib::fdt::Bytes seed = tree.random_seed();
  info.random_seed_size = std::min(seed.size(), sizeof(info.random_seed));
  std::memcpy(info.random_seed, seed.data(), info.random_seed_size);
  early_boot.kaslr_seed = tree.kaslr_seed();
  tree.forget_seeds();
  for (usize i = info.random_seed_size; i + sizeof(u64) <= sizeof(info.random_seed); i += sizeof(u64)) {
    u64 word;
    if (!hardware_random(&word)) break;
    std::memcpy(&info.random_seed[i], &word, sizeof(word));
    info.random_seed_size = i + sizeof(word);
  }
}

// Where the loader says. Else at the beginning of the gigabyte that the image is in: there QEMU's virt leaves it for
// who was not loaded as Linux is (docs/system/arm/virt), and by it the console is found to complain on.
Tree find_tree(u64 told) {
  for (const u64 place : {told, align_down(early_boot.info.kernel_image.base.value, GiB)}) {
    const Tree tree(reinterpret_cast<const void*>(place), kDeviceTreeMax);
    if (place == 0 || !tree.valid()) continue;
    early_boot.info.device_tree = {{place}, tree.size()};
    return tree;
  }
  return {};
}

}  // namespace

u32 gic_line(const std::optional<lib::fdt::Interrupt>& interrupt) {
  // Linux Documentation/devicetree/bindings/interrupt-controller/arm,gic-v3.yaml: kind, number within it, flags.
  constexpr u32 kShared = 0, kPrivate = 1, kFirstShared = 32, kFirstPrivate = 16;
  if (!interrupt || interrupt->count < 3) return 0;
  switch (interrupt->cells[0]) {
    case kShared: return kFirstShared + interrupt->cells[1];
    case kPrivate: return kFirstPrivate + interrupt->cells[1];
    default: return 0;
  }
}

void parse_boot_info(u64 device_tree) {
  BootInfo& info = early_boot.info;
  const Tree tree = find_tree(device_tree);
  // There is no console to say it on.
  if (!tree.valid()) halt_forever();
  const Region archive = tree.initramfs();
  info.initramfs = {{archive.base}, archive.size};
  const lib::fdt::Node chosen = tree.find("/chosen");
  info.acpi_rsdp = {tree.number(chosen, lib::efi::kRsdpProperty).value_or(0)};
  early_boot.wall_clock = tree.number(chosen, lib::efi::kWallClockProperty).value_or(0);
  find_console(tree);
  find_firmware(tree);
  set_command_line(tree.boot_arguments());
  find_memory(tree);
  if (described_by_acpi()) read_early_acpi();
  collect_seed(tree);
  if (info.memory.ram_bytes() == 0) early_panic("firmware describes no memory");
}

lib::fdt::Tree device_tree() {
  if (described_by_acpi()) return {};
  const PhysRange& blob = early_boot.info.device_tree;
  return {phys_to_virt(blob.base), blob.size};
}

void early_panic(const char* message) {
  const auto print = [](const char* text) {
    for (; *text != 0; ++text) hal_console_putc(*text);
  };
  print("\r\nhalyard: cannot boot: ");
  print(message);
  print("\r\n");
  halt_forever();
}

}  // namespace hal::arch
