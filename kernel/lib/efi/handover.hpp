// From an application of the firmware to what Linux's boot protocol expects of a loader: the kernel at its alignment,
// and a device tree that says what the firmware knows.
//
// Runs in the image where the firmware put it, before anything is relocated: position-independent code without data
// that holds pointers. What it finds is left in /chosen under Linux's names (Documentation/arch/arm/uefi.rst): the
// command line, the initramfs, the memory map at the end of boot services.
#pragma once

#include "kernel/lib/efi/api.hpp"

namespace lib::efi {

struct ImageInMemory {
  const void* start = nullptr;
  usize file_size = 0;    // bytes that are there
  usize memory_size = 0;  // bytes that it needs, once its bss has room
};

struct Handover {
  u64 kernel = 0;       // where the copy is, at a multiple of 2 MiB; 0: it failed, and the reason was shown
  u64 device_tree = 0;  // 8-byte aligned
  usize device_tree_size = 0;
  u64 memory_map = 0;
  usize memory_map_size = 0;
};

// Ends boot services, unless it fails before.
Handover hand_over(Handle image, SystemTable& system, const ImageInMemory& kernel);

}  // namespace lib::efi
