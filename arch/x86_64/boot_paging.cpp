// The final page tables, address randomization and relocation.
//
// The image gets 4 KiB pages: text read and execute, the rest read-only or read-write and never executable, the guard
// pages around the boot stack missing. The direct map has all RAM, writable but for what is read-only in the image, so
// that no kernel code can be changed through it, and firmware tables read-only.
#include "arch/x86_64/boot.hpp"

#include <cstring>

#include "arch/x86_64/acpi.hpp"
#include "arch/x86_64/features.hpp"
#include "arch/x86_64/instructions.hpp"
#include "arch_impl/pte.hpp"
#include "hal/acpi.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "hal/page_table.hpp"
#include "hal/timer.hpp"
#include "hal/upcalls.hpp"
#include "kernel/lib/acpi/numa.hpp"
#include "kernel/lib/acpi/records.hpp"

extern "C" {
extern u8 __kernel_start[], __text_start[], __text_end[], __rodata_start[], __rodata_end[], __data_start[];
extern u8 __boot_stack_start[], __boot_stack_end[], __kernel_end[];
extern u64 hal_x86_boot_root[], hal_x86_boot_root5[];
struct Rela {
  u64 offset, info;
  i64 addend;
};
extern const Rela __rela_start[], __rela_end[];
constinit VirtAddr hal_x86_user_limit = hal::arch::kUserEnd4;
constinit u64 hal_x86_boot_cr4 = 1 << 5;  // PAE
}

namespace hal::arch {

constinit unsigned paging_levels = 4;

namespace {

struct EarlyAccess {
  u64* table(PhysAddr address) const { return reinterpret_cast<u64*>(address.value); }
  PhysAddr allocate() const {
    const u64 page = early_boot.info.memory.allocate(1, kPageSize, kIdentityEnd);
    if (page != 0) std::memset(reinterpret_cast<void*>(page), 0, kPageSize);
    return {page};
  }
};
using Walker = PageTableWalker<Pte, EarlyAccess>;

constexpr PageFlags kReadOnly = PageFlags::Read | PageFlags::Global;
constexpr PageFlags kReadWrite = PageFlags::Read | PageFlags::Write | PageFlags::Dirty | PageFlags::Global;
constexpr PageFlags kCode = PageFlags::Read | PageFlags::Exec | PageFlags::Global;

u64 address_of(const u8* symbol) { return reinterpret_cast<u64>(symbol); }

void need(bool success) {
  if (!success) early_panic("no memory for page tables below 4 GiB");
}

// Four levels are in use already. boot.S turns to five on the way to the kernel's addresses, because that takes paging
// off for a moment; what four levels map lies below the first entry of the new root.
void choose_levels() {
  constexpr u64 kLa57 = 1 << 12;
  early_boot.boot_root = reinterpret_cast<u64>(hal_x86_boot_root);
  if (!features.la57 || find_option(early_boot.info.command_line, "no5lvl") != nullptr) return;
  hal_x86_boot_root5[0] = Pte::make_table({early_boot.boot_root});
  early_boot.boot_root = reinterpret_cast<u64>(hal_x86_boot_root5);
  paging_levels = 5;
  hal_x86_user_limit = kUserEnd5;
  hal_x86_boot_cr4 |= kLa57;
}

void map_image(Walker& walker, u64 offset) {
  const auto map = [&](u64 start, u64 end, PageFlags flags) {
    for (u64 page = start; page < end; page += kPageSize) {
      const Walker::Slot slot = walker.make(page + offset, 0);
      need(slot.entry != nullptr);
      *slot.entry = Pte::make_leaf({page}, 0, flags);
    }
  };
  map(address_of(__text_start), align_up(address_of(__text_end), kPageSize), kCode);
  map(address_of(__rodata_start), address_of(__rodata_end), kReadOnly);
  map(address_of(__data_start), address_of(__boot_stack_start) - kPageSize, kReadWrite);
  map(address_of(__boot_stack_start), address_of(__boot_stack_end), kReadWrite);
  map(address_of(__boot_stack_end), align_up(address_of(__kernel_end), kPageSize), kReadWrite);
}

void map_direct(Walker& walker, u64 base, u64 end, PageFlags flags) {
  if (base < end) need(walker.map_range(kDirectMapBase + base, {base}, end - base, flags));
}

void map_ram(Walker& walker) {
  const u64 constant_start = address_of(__kernel_start), constant_end = address_of(__rodata_end);
  for (const auto& range : early_boot.info.memory.ram()) {
    if (constant_start < range.base || constant_end > range.end) {
      map_direct(walker, range.base, range.end, kReadWrite);
      continue;
    }
    map_direct(walker, range.base, constant_start, kReadWrite);
    map_direct(walker, constant_start, constant_end, kReadOnly);
    map_direct(walker, constant_end, range.end, kReadWrite);
  }
}

// Page by page, because firmware ranges may overlap RAM and one another.
void map_firmware(Walker& walker, u64 base, u64 size) {
  const u64 end = align_up(base + size, kPageSize);
  for (u64 page = align_down(base, kPageSize); page < end; page += kPageSize) {
    const Walker::Slot slot = walker.make(kDirectMapBase + page, 0);
    need(slot.entry != nullptr);
    if (slot.level == 0 && !Pte::present(*slot.entry)) *slot.entry = Pte::make_leaf({page}, 0, kReadOnly);
  }
}

u64 choose_slide() {
  if (find_option(early_boot.info.command_line, "nokaslr") != nullptr) return 0;
  u64 entropy = 0;
  static_cast<void>(hardware_random(&entropy));
  entropy ^= read_tsc() * 0x9e37'79b9'7f4a'7c15;  // 2^64 / golden ratio: spreads the counter's low bits
  const u64 image = align_up(address_of(__kernel_end) - address_of(__kernel_start), kImageSlideStep);
  return (entropy >> 32) % ((kImageSlideLimit - image) / kImageSlideStep) * kImageSlideStep;
}

// The linker leaves R_X86_64_RELATIVE entries only (ELF x86-64 psABI, table 4.9): a word at `offset` that is to hold
// `addend`, both for the link address.
void relocate_image(u64 slide) {
  constexpr u64 kRelative = 8;
  for (const Rela* rela = __rela_start; rela != __rela_end; ++rela) {
    if (rela->info != kRelative) early_panic("unknown relocation in the kernel image");
    *reinterpret_cast<u64*>(rela->offset - kImageVirtualBase) = static_cast<u64>(rela->addend) + slide;
  }
}

}  // namespace

void build_page_tables(EarlyResult& result) {
  BootInfo& info = early_boot.info;
  const EarlyAccess access;
  const PhysAddr root = access.allocate();
  need(root.value != 0);
  early_boot.root = root.value;
  Walker walker(root, access);
  info.kernel_slide = choose_slide();
  result = {root.value, kImageVirtualBase + info.kernel_slide};
  map_image(walker, result.offset);
  map_ram(walker);
  // Outside RAM where `mem=` cut it off, or not page-aligned at the end.
  map_firmware(walker, info.initramfs.base.value, info.initramfs.size);
  map_firmware(walker, 0xe'0000, 0x2'0000);  // the BIOS: RSDP and SMBIOS of machines without UEFI
  for (usize i = 0; i < early_boot.firmware_count; ++i) {
    map_firmware(walker, early_boot.firmware[i].base.value, early_boot.firmware[i].size);
  }
  for_each_acpi_piece(info.acpi_rsdp, [&](u64 base, u64 size) { map_firmware(walker, base, size); });
  // The top-level entries of what is mapped at run time, so that they are the same in every user root.
  need(walker.make(kVmallocBase, Pte::levels() - 2).entry != nullptr);
  need(walker.make(kFrameTableBase, Pte::levels() - 2).entry != nullptr);
  need(walker.make(kFrameTableBase + level_size(3), Pte::levels() - 2).entry != nullptr);
  // The boot root gets the upper half as well: the way up leads through it, and so do the other CPUs.
  u64* boot_root = access.table({early_boot.boot_root});
  const u64* final_root = access.table(root);
  for (usize i = kTableEntries / 2; i < kTableEntries; ++i) boot_root[i] = final_root[i];
}

extern "C" EarlyResult hal_x86_early_boot(u32 protocol, u32 information) {
  clock_scale.base = read_tsc();
  detect_features();
  BootInfo& info = early_boot.info;
  info.kernel_image = {{address_of(__kernel_start)}, address_of(__kernel_end) - address_of(__kernel_start)};
  parse_boot_info(static_cast<BootProtocol>(protocol), information);
  enable_smap_instructions();
  choose_levels();
  EarlyResult result;
  build_page_tables(result);
  relocate_image(info.kernel_slide);
  return result;
}

// Filled by the boot CPU at virtual addresses, constant afterwards.
static constinit lib::NumaTopology numa;

extern "C" void hal_x86_boot_main() {
  static_cast<void>(hal_cpu_init());
  early_boot.info.loader = early_boot.protocol == BootProtocol::Pvh ? "PVH" : "Multiboot2";
  const lib::acpi::Tables tables = acpi_boot_tables(early_boot.info.acpi_rsdp);
  lib::acpi::read_numa(tables, early_boot.info.memory.ram(), numa);
  early_boot.info.numa = &numa;
  kernel::kernel_main(early_boot.info);
}

}  // namespace hal::arch

namespace hal {

PhysAddr kernel_root() { return {arch::early_boot.root}; }

}  // namespace hal
