// From the boot loader to kernel_main(): the pieces of the early boot, in the order in which they run.
//
// All but hal_riscv_boot_main() run with paging off, before relocation, on the boot CPU alone: they must not use
// pointers that the linker put into data (tables of strings or functions, virtual functions).
#pragma once

#include "hal/boot_info.hpp"
#include "kernel/lib/fdt/tree.hpp"

namespace hal::arch {

struct EarlyBoot {
  BootInfo info;
  u64 hart = 0;       // of the boot CPU
  u64 satp_mode = 0;  // kSatpSv39, kSatpSv48 or kSatpSv57
  u64 root = 0;       // the final root table
  u64 boot_satp = 0;  // a root that maps the image where it runs and where it lies: the way up for every CPU
  u64 offset = 0;     // virtual minus physical addresses of the image
};
extern EarlyBoot early_boot;

// A tree larger than this is not believed.
inline constexpr usize kDeviceTreeLimit = 2 * MiB;

// boot_info.cpp: fills early_boot.info but for kernel_image and kernel_slide.
void parse_boot_info(u64 device_tree);

// boot_paging.cpp: the final tables, and the image prepared to run at its virtual address.
struct EarlyResult {
  u64 satp;
  u64 offset;
};
extern "C" EarlyResult hal_riscv_early_boot(u64 hart, u64 device_tree);

// At virtual addresses.
extern "C" [[noreturn]] void hal_riscv_boot_main();
// The boot root's kernel half, as the kernel's root has it now. Before another CPU starts.
void refresh_boot_root();

// mmu.cpp. The kernel's own root on the calling CPU, with ASID 0.
void activate_kernel_root();
// When the number of CPUs is known, before the first program.
void start_asids(u32 cpus);
// Whether the calling CPU has as many bits of ASID as the boot CPU.
bool asids_fit();

// The device tree, once the kernel runs at its own addresses.
lib::fdt::Tree device_tree();

// Prints and stops: the machine cannot run this kernel.
[[noreturn]] void early_panic(const char* message);

}  // namespace hal::arch
