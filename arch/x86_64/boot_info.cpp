// What the boot loader says, translated: Multiboot2 (specification 2.0, 3.6) and PVH (Xen, start_info.h).
//
// Both come with addresses below 4 GiB, which the boot root maps onto themselves.
#include "arch/x86_64/boot.hpp"

#include <cstring>

#include "arch/x86_64/acpi.hpp"
#include "hal/console.h"
#include "hal/cpu.hpp"

namespace hal::arch {

constinit EarlyBoot early_boot;

namespace {

// Types of memory, the same for both protocols (the BIOS's, ACPI 6.5 table 15.4).
constexpr u32 kMemoryRam = 1, kMemoryAcpi = 3, kMemoryAcpiNvs = 4;

// The RSDP that Multiboot2 hands over lies in memory that will be reused: it is kept here.
alignas(8) constinit u8 rsdp_copy[36] = {};

template <class T>
const T* at(u64 address) {
  return reinterpret_cast<const T*>(address);
}

void add_memory(u64 base, u64 size, u32 type) {
  if (type == kMemoryRam) early_boot.info.memory.add_ram(base, size);
  if (type == kMemoryAcpi || type == kMemoryAcpiNvs) early_boot.add_firmware(base, size);
}

void set_command_line(const char* text) {
  BootInfo& info = early_boot.info;
  usize length = 0;
  while (length + 1 < BootInfo::kCommandLineMax && text[length] != 0) {
    info.command_line[length] = text[length];
    ++length;
  }
  info.command_line_cut = text[length] != 0;
  info.command_line[length] = 0;
}

namespace multiboot {

struct Tag {
  u32 type;
  u32 size;
};
enum : u32 { kEnd = 0, kCommandLine = 1, kModule = 3, kMemoryMap = 6, kFramebuffer = 8, kOldRsdp = 14, kNewRsdp = 15 };

struct Module {
  Tag tag;
  u32 start, end;
};
struct MemoryMap {
  Tag tag;
  u32 entry_size, entry_version;
};
struct MemoryEntry {
  u64 base, size;
  u32 type, reserved;
};
struct [[gnu::packed]] FramebufferTag {
  Tag tag;
  u64 address;
  u32 pitch, width, height;
  u8 bits_per_pixel, type;
  u16 reserved;
  u8 red_shift, red_bits, green_shift, green_bits, blue_shift, blue_bits;
};
static_assert(sizeof(FramebufferTag) == 38);

void parse_memory_map(const MemoryMap& map) {
  if (map.entry_size < sizeof(MemoryEntry)) return;
  const u64 end = reinterpret_cast<u64>(&map) + map.tag.size;
  for (u64 entry = reinterpret_cast<u64>(&map + 1); entry + sizeof(MemoryEntry) <= end; entry += map.entry_size) {
    const auto* memory = at<MemoryEntry>(entry);
    add_memory(memory->base, memory->size, memory->type);
  }
}

void parse_framebuffer(const FramebufferTag& tag) {
  constexpr u8 kRgb = 1, kText = 2;
  if (tag.type != kRgb && tag.type != kText) return;
  Framebuffer& out = early_boot.info.framebuffer;
  out.base = {tag.address};
  out.pitch = tag.pitch;
  out.width = tag.width;
  out.height = tag.height;
  out.bits_per_pixel = tag.bits_per_pixel;
  out.is_text = tag.type == kText;
  if (out.is_text || tag.tag.size < sizeof(FramebufferTag)) return;
  out.red_shift = tag.red_shift;
  out.red_bits = tag.red_bits;
  out.green_shift = tag.green_shift;
  out.green_bits = tag.green_bits;
  out.blue_shift = tag.blue_shift;
  out.blue_bits = tag.blue_bits;
}

void parse_rsdp(const Tag& tag) {
  // The newer kind wins, in whatever order they come.
  usize size = tag.size - sizeof(Tag);
  if (size > sizeof(rsdp_copy)) size = sizeof(rsdp_copy);
  if (tag.type == kOldRsdp && early_boot.info.acpi_rsdp.value != 0) return;
  std::memcpy(rsdp_copy, &tag + 1, size);
  early_boot.info.acpi_rsdp = {reinterpret_cast<u64>(rsdp_copy)};
}

void parse_module(const Module& module) {
  BootInfo& info = early_boot.info;
  if (module.end <= module.start || !info.initramfs.empty()) return;
  info.initramfs = {{module.start}, u64{module.end} - module.start};
}

void parse(u32 address) {
  struct Header {
    u32 total_size, reserved;
  };
  const u64 end = u64{address} + at<Header>(address)->total_size;
  for (u64 place = u64{address} + sizeof(Header); place + sizeof(Tag) <= end;) {
    const Tag& tag = *at<Tag>(place);
    if (tag.type == kEnd || tag.size < sizeof(Tag) || tag.size > end - place) break;
    if (tag.type == kCommandLine) set_command_line(at<char>(place + sizeof(Tag)));
    if (tag.type == kModule) parse_module(*at<Module>(place));
    if (tag.type == kMemoryMap) parse_memory_map(*at<MemoryMap>(place));
    if (tag.type == kFramebuffer) parse_framebuffer(*at<FramebufferTag>(place));
    if (tag.type == kOldRsdp || tag.type == kNewRsdp) parse_rsdp(tag);
    place = align_up(place + tag.size, 8);
  }
}

}  // namespace multiboot

namespace pvh {

constexpr u32 kMagic = 0x336e'c578;
struct StartInfo {
  u32 magic, version, flags, module_count;
  u64 modules, command_line, rsdp;
  u64 memory_map;  // from version 1 on
  u32 memory_map_entries, reserved;
};
static_assert(sizeof(StartInfo) == 56);
struct Module {
  u64 address, size, command_line, reserved;
};
struct MemoryEntry {
  u64 base, size;
  u32 type, reserved;
};

void parse(u32 address) {
  const auto& start = *at<StartInfo>(address);
  if (start.magic != kMagic || start.version < 1) early_panic("PVH boot information without a memory map");
  for (u32 i = 0; i < start.memory_map_entries; ++i) {
    const MemoryEntry& entry = at<MemoryEntry>(start.memory_map)[i];
    add_memory(entry.base, entry.size, entry.type);
  }
  if (start.command_line != 0) set_command_line(at<char>(start.command_line));
  if (start.module_count != 0) {
    const Module& module = *at<Module>(start.modules);
    early_boot.info.initramfs = {{module.address}, module.size};
  }
  early_boot.info.acpi_rsdp = {start.rsdp};
}

}  // namespace pvh

// A number with the suffix K, M or G, as Linux's memparse() takes it.
u64 parse_size(const char* text) {
  u64 value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + static_cast<u64>(*text - '0');
  switch (*text | 0x20) {
    case 'k': return value * KiB;
    case 'm': return value * MiB;
    case 'g': return value * GiB;
    default: return value;
  }
}

void reserve_taken() {
  BootInfo& info = early_boot.info;
  lib::BootMemory& memory = info.memory;
  constexpr u64 kMinimumLimit = 32 * MiB;
  if (const char* limit = find_option(info.command_line, "mem=")) {
    if (const u64 bytes = parse_size(limit); bytes >= kMinimumLimit) memory.limit_ram(align_down(bytes, kPageSize));
  }
  memory.limit_ram(u64{1} << 46);  // kDirectMapSize
  memory.reserve(info.kernel_image.base.value, info.kernel_image.size);
  memory.reserve(info.initramfs.base.value, info.initramfs.size);
  for_each_acpi_piece(info.acpi_rsdp, [&](u64 base, u64 size) { memory.reserve(base, size); });
  // Firmware keeps things below 1 MiB that no map mentions, and starting other CPUs needs a page there.
  memory.reserve(0, 1 * MiB);
}

void collect_seed() {
  BootInfo& info = early_boot.info;
  for (usize i = 0; i + 8 <= sizeof(info.random_seed); i += 8) {
    u64 word;
    if (!hardware_random(&word)) break;
    std::memcpy(&info.random_seed[i], &word, sizeof(word));
    info.random_seed_size = i + 8;
  }
}

}  // namespace

const char* find_option(const char* command_line, const char* name) {
  const char* at = command_line;
  while (*at != 0) {
    while (*at == ' ') ++at;
    usize i = 0;
    while (name[i] != 0 && at[i] == name[i]) ++i;
    const bool assignment = i > 0 && name[i - 1] == '=';
    if (name[i] == 0 && (assignment || at[i] == ' ' || at[i] == 0)) return at + i;
    while (*at != 0 && *at != ' ') ++at;
  }
  return nullptr;
}

void parse_boot_info(BootProtocol protocol, u32 address) {
  early_boot.protocol = protocol;
  if (protocol == BootProtocol::Multiboot2) {
    multiboot::parse(address);
  } else {
    pvh::parse(address);
  }
  if (early_boot.info.memory.ram_bytes() == 0) early_panic("the boot loader gave no memory map");
  reserve_taken();
  collect_seed();
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
