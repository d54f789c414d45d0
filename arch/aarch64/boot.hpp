// From the boot loader to kernel_main(): the pieces of the early boot, in the order in which they run.
//
// All but hal_aarch64_boot_main() run at physical addresses on the boot CPU alone, with the MMU off: memory is then
// Device memory, so that every access must be aligned, and it is written past the caches. The image's pointers are
// relocated to physical addresses first and to virtual ones last: what early code stores must be no pointer.
#pragma once

#include "arch/aarch64/asm.h"
#include "arch/aarch64/psci.hpp"
#include "hal/boot_info.hpp"
#include "kernel/lib/efi/memory_map.hpp"
#include "kernel/lib/fdt/tree.hpp"

namespace hal::arch {

// How the console that firmware names is reached (console.cpp).
struct BootConsole {
  PhysAddr base;  // 0: there is none
  u32 line = 0;   // interrupt; 0: none
};

struct EarlyBoot {
  BootInfo info;
  BootConsole console;
  u64 kaslr_seed = 0;
  PsciConduit psci = PsciConduit::None;
  // Where UEFI started us.
  PhysRange memory_map;
  usize memory_map_step = 0;
  u64 wall_clock = 0;  // seconds since 1970 at the end of boot services; 0: nobody said

  // Before the MMU is on.
  lib::efi::MemoryMap firmware_map() const {
    return {{reinterpret_cast<const u8*>(memory_map.base.value), memory_map.size}, memory_map_step};
  }
};
extern EarlyBoot early_boot;

// What a CPU needs to turn its MMU on (boot.S). The boot CPU writes it before, and cleans it to memory for the others.
struct BootBlock {
  u64 ttbr0 = 0;  // maps the code that turns the MMU on onto itself
  u64 ttbr1 = 0;
  u64 tcr = 0;
  u64 mair = 0;
  u64 sctlr = 0;
  u64 offset = 0;  // virtual minus physical addresses of the image
  u64 stack = 0;   // of the CPU that is being started
};
static_assert(offsetof(BootBlock, ttbr0) == BLOCK_TTBR0 && offsetof(BootBlock, ttbr1) == BLOCK_TTBR1);
static_assert(offsetof(BootBlock, tcr) == BLOCK_TCR && offsetof(BootBlock, mair) == BLOCK_MAIR);
static_assert(offsetof(BootBlock, sctlr) == BLOCK_SCTLR && offsetof(BootBlock, offset) == BLOCK_OFFSET);
static_assert(offsetof(BootBlock, stack) == BLOCK_STACK);

extern "C" {
extern BootBlock hal_aarch64_boot_block;
extern u8 hal_aarch64_mmu_on;         // 1 from the moment that the kernel runs at virtual addresses
extern u64 hal_aarch64_empty_root[];  // a table without entries, for TTBR0 where there is no user
void hal_aarch64_invalidate(const void* start, const void* end);
void hal_aarch64_early_boot(u64 device_tree);
[[noreturn]] void hal_aarch64_boot_main();
}

// The physical address of something in the image, from its virtual one.
inline PhysAddr image_to_phys(const void* address) {
  return {reinterpret_cast<VirtAddr>(address) - hal_aarch64_boot_block.offset};
}

// timer.cpp: time is counted from here on.
void start_clock();

// boot_info.cpp: fills early_boot but for kernel_image and kernel_slide.
void parse_boot_info(u64 device_tree);

// boot_paging.cpp: the final tables, and hal_aarch64_boot_block.
void build_page_tables();

// mmu.cpp. No user mappings on the calling CPU, and ASID 0.
void activate_empty_root();
// When the number of CPUs is known, before the first program.
void start_asids(u32 cpus);
// Whether the calling CPU has as many bits of ASID as the boot CPU.
bool asids_fit();

// Through the direct map, after boot. Not valid() where ACPI describes the machine: what the EFI stub made is no such
// tree.
lib::fdt::Tree device_tree();
// The number of a line in hal/irq.h's sense from the GIC's specifier: 0 where there is none.
u32 gic_line(const std::optional<lib::fdt::Interrupt>& interrupt);

// Prints and stops: the machine cannot run this kernel.
[[noreturn]] void early_panic(const char* message);

}  // namespace hal::arch
