// From the boot loader to kernel_main(): the pieces of the early boot, in the order in which they run.
//
// All but hal_x86_boot_main() run at physical addresses, before relocation, on the boot CPU alone: they must not use
// pointers that the linker put into data (tables of strings or functions, virtual functions), and reach only what lies
// below 4 GiB.
#pragma once

#include "hal/boot_info.hpp"

namespace hal::arch {

enum class BootProtocol : u32 { Multiboot2 = 1, Pvh = 2 };  // boot.S has the numbers

// Firmware tables and data: mapped read-only beside the RAM. Not RAM to the kernel.
inline constexpr usize kMaxFirmwareRanges = 32;
struct EarlyBoot {
  BootInfo info;
  BootProtocol protocol = BootProtocol::Multiboot2;
  PhysRange firmware[kMaxFirmwareRanges];
  usize firmware_count = 0;
  u64 root = 0;       // the final root table
  u64 boot_root = 0;  // the way up for every CPU: maps the first 4 GiB onto themselves, and the kernel half

  void add_firmware(u64 base, u64 size) {
    if (firmware_count < kMaxFirmwareRanges && size != 0) firmware[firmware_count++] = {{base}, size};
  }
};
extern EarlyBoot early_boot;

// boot_info.cpp: fills early_boot.info but for kernel_image and kernel_slide, and early_boot.firmware.
void parse_boot_info(BootProtocol protocol, u32 address);

// CR4 on the way to long mode, with LA57 where there are five levels (boot.S, smp_trampoline.S).
extern "C" u64 hal_x86_boot_cr4;

// boot_paging.cpp: the final tables, and the image prepared to run at its virtual address.
struct EarlyResult {
  u64 root;    // physical address of the root table
  u64 offset;  // virtual minus physical addresses of the image
};
void build_page_tables(EarlyResult& result);
extern "C" EarlyResult hal_x86_early_boot(u32 protocol, u32 information);

// At virtual addresses.
extern "C" [[noreturn]] void hal_x86_boot_main();

// Prints and stops: the machine cannot run this kernel.
[[noreturn]] void early_panic(const char* message);

// The value of `name=` or, for a plain word, a pointer behind it; null where the command line does not have it.
const char* find_option(const char* command_line, const char* name);

}  // namespace hal::arch
