// What the boot loader told us, in one form for all loaders (Multiboot2, PVH, Linux Image with device tree).
//
// The architecture's boot code fills one BootInfo before kernel_main() and nobody changes it afterwards. All addresses
// are physical; the memory behind them is reserved until the kernel gives it back by name.
#pragma once

#include "kernel/lib/boot_memory.hpp"
#include "kernel/lib/numa.hpp"
#include "kernel/lib/types.hpp"

namespace hal {

struct PhysRange {
  PhysAddr base;
  u64 size = 0;
  constexpr bool empty() const { return size == 0; }
  constexpr PhysAddr end() const { return base + size; }
};

struct Framebuffer {
  PhysAddr base;
  u32 width = 0;   // pixels; 0: there is none
  u32 height = 0;  // pixels
  u32 pitch = 0;   // bytes from one line to the next
  u8 bits_per_pixel = 0;
  u8 red_shift = 0, green_shift = 0, blue_shift = 0;
  u8 red_bits = 0, green_bits = 0, blue_bits = 0;
  bool is_text = false;  // the loader left an EGA text mode; width and height count characters
};

struct BootInfo {
  static constexpr usize kCommandLineMax = 2048;  // as Linux: COMMAND_LINE_SIZE on x86-64

  const char* loader = "unknown";           // the boot protocol's name
  char command_line[kCommandLineMax] = {};  // NUL-terminated; longer ones are cut, and the log says so
  bool command_line_cut = false;
  lib::BootMemory memory;                   // RAM and what of it is taken
  const lib::NumaTopology* numa = nullptr;  // which memory and CPUs are near one another; null: all of them
  PhysRange kernel_image;                   // text to end of bss
  PhysRange initramfs;                      // a CPIO archive, or empty
  PhysRange device_tree;                    // a flattened device tree, or empty
  PhysAddr acpi_rsdp;                       // 0: none
  Framebuffer framebuffer;
  u8 random_seed[64] = {};     // from the loader or the CPU; mixed into the random pool
  usize random_seed_size = 0;  // bytes of it that mean something
  u64 kernel_slide = 0;        // KASLR: what was added to the link address
};

}  // namespace hal
