// From an application of the firmware to what Linux's boot protocol expects of a loader: the kernel at its alignment,
// and a device tree that says what the firmware knows.
//
// A device tree that the firmware has, with more in it than /chosen, is handed over, and it alone describes the
// machine. Where there are ACPI tables only, the tree that is made here has nothing but /chosen, and what a loader left
// there. Two properties have names of our own: the place of the tables' root pointer, and the time of day, for the
// clock is the firmware's then, whatever it describes.
//
// Runs in the image where the firmware put it, before anything is relocated: position-independent code without data
// that holds pointers. What it finds is left in /chosen under Linux's names (Documentation/arch/arm/uefi.rst): the
// command line, the initramfs, the memory map at the end of boot services.
#pragma once

#include "kernel/lib/efi/memory_map.hpp"

namespace lib::efi {

// Two cells each: the RSDP's address where ACPI describes the machine, and seconds since 1970; else 0.
inline constexpr char kRsdpProperty[] = "halyard,acpi-rsdp";
inline constexpr char kWallClockProperty[] = "halyard,wall-clock";

struct ImageInMemory {
  const void* start = nullptr;
  usize file_size = 0;    // bytes that are there
  usize memory_size = 0;  // bytes that it needs, once its bss has room
};

struct Handover {
  u64 kernel = 0;       // where the copy is, at a multiple of 2 MiB; 0: it failed, and the reason was shown
  u64 device_tree = 0;  // 8-byte aligned
  usize device_tree_size = 0;
  MemoryMap memory_map;
  u64 acpi_rsdp = 0;  // 0: the device tree describes the machine
};

// Ends boot services, unless it fails before.
Handover hand_over(Handle image, SystemTable& system, const ImageInMemory& kernel);

}  // namespace lib::efi
