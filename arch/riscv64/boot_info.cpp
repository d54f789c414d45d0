// What the boot loader says, translated: the device tree's memory, /chosen and reservations.
#include <algorithm>
#include <cstring>

#include "arch/riscv64/boot.hpp"
#include "hal/console.h"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "kernel/lib/command_line.hpp"

namespace hal::arch {

constinit EarlyBoot early_boot;

namespace {

using lib::fdt::Region;
using lib::fdt::Tree;

// Memory that must not be mapped, not even for the CPU to look ahead: the firmware's, which physical memory protection
// guards.
constexpr usize kMaxForbidden = 32;
struct Forbidden {
  Region regions[kMaxForbidden];
  usize count = 0;
};

void add_ram(const Forbidden& forbidden, u64 base, u64 end, usize from) {
  for (usize i = from; i < forbidden.count; ++i) {
    const Region& hole = forbidden.regions[i];
    const u64 hole_end = hole.size > ~hole.base ? ~u64{0} : hole.base + hole.size;
    if (hole.base >= end || hole_end <= base) continue;
    if (hole.base > base) add_ram(forbidden, base, hole.base, i + 1);
    if (hole_end >= end) return;
    base = hole_end;
  }
  if (base < end) early_boot.info.memory.add_ram(base, end - base);
}

void parse_memory(const Tree& tree) {
  lib::BootMemory& memory = early_boot.info.memory;
  Forbidden forbidden;
  tree.for_each_reserved([&](const Region& region, bool no_map) {
    if (no_map && forbidden.count < kMaxForbidden) forbidden.regions[forbidden.count++] = region;
  });
  tree.for_each_memory([&](const Region& region) {
    const u64 end = region.size > ~region.base ? ~u64{0} : region.base + region.size;
    add_ram(forbidden, region.base, end, 0);
  });
  tree.for_each_reserved([&](const Region& region, bool) { memory.reserve(region.base, region.size); });
  // Firmware that reserves nothing still lies somewhere: where all do, below us.
  constexpr u64 kFirmwareSize = 2 * MiB;
  const u64 image = early_boot.info.kernel_image.base.value;
  if (forbidden.count == 0) memory.reserve(image - std::min(image, kFirmwareSize), std::min(image, kFirmwareSize));
}

void set_command_line(std::string_view text) {
  BootInfo& info = early_boot.info;
  const usize length = std::min(text.size(), BootInfo::kCommandLineMax - 1);
  if (length != 0) std::memcpy(info.command_line, text.data(), length);
  info.command_line[length] = 0;
  info.command_line_cut = length < text.size();
}

void reserve_taken() {
  BootInfo& info = early_boot.info;
  lib::BootMemory& memory = info.memory;
  constexpr u64 kMinimumLimit = 32 * MiB;
  // Memory does not begin at 0 here: the option counts bytes of RAM.
  if (const auto limit = lib::CommandLine(info.command_line).size("mem"); limit && *limit >= kMinimumLimit) {
    memory.limit_ram(memory.ram().begin()->base + align_down(*limit, kPageSize));
  }
  memory.limit_ram(kDirectMapSize);
  memory.reserve(info.kernel_image.base.value, info.kernel_image.size);
  memory.reserve(info.initramfs.base.value, info.initramfs.size);
  memory.reserve(info.device_tree.base.value, info.device_tree.size);
  memory.reserve(0, kPageSize);
}

void collect_seed(const Tree& tree) {
  BootInfo& info = early_boot.info;
  const lib::fdt::Bytes seed = tree.random_seed();
  info.random_seed_size = std::min(seed.size(), sizeof(info.random_seed));
  if (info.random_seed_size != 0) std::memcpy(info.random_seed, seed.data(), info.random_seed_size);
}

}  // namespace

void parse_boot_info(u64 address) {
  BootInfo& info = early_boot.info;
  const Tree tree(reinterpret_cast<const void*>(address), kDeviceTreeLimit);
  if (!tree.valid()) early_panic("the boot loader gave no device tree");
  info.device_tree = {{address}, tree.size()};
  set_command_line(tree.boot_arguments());
  const Region initramfs = tree.initramfs();
  info.initramfs = {{initramfs.base}, initramfs.size};
  parse_memory(tree);
  if (info.memory.ram_bytes() == 0) early_panic("the device tree describes no memory");
  reserve_taken();
  collect_seed(tree);
}

lib::fdt::Tree device_tree() {
  const PhysRange& range = early_boot.info.device_tree;
  return Tree(phys_to_virt(range.base), range.size);
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
