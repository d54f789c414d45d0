// The final page tables, address randomization and relocation.
//
// The image gets 4 KiB pages: text read and execute, the rest read-only or read-write and never executable, the guard
// pages around the boot stack missing. The direct map has all RAM, writable but for what is read-only in the image, so
// that no kernel code can be changed through it.
#include <cstring>

#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/features.hpp"
#include "arch_impl/pte.hpp"
#include "hal/cpu.h"
#include "hal/layout.hpp"
#include "hal/page_table.hpp"
#include "hal/timer.hpp"
#include "hal/tlb.hpp"
#include "hal/upcalls.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/fdt/numa.hpp"
#include "kernel/lib/hash.hpp"

extern "C" {
extern u8 __kernel_start[], __text_start[], __text_end[], __rodata_start[], __rodata_end[], __data_start[];
extern u8 __boot_stack_start[], __boot_stack_end[], __kernel_end[];
struct Rela {
  u64 offset, info;
  i64 addend;
};
extern const Rela __rela_start[], __rela_end[];
}

namespace hal::arch {

constinit PagingMode paging_mode;
constinit VirtAddr user_limit = 0;

namespace {

// The boot root. With Sv39 the gigapages themselves, with Sv48 one level above them, with Sv57 two; whichever it is
// also has the kernel half.
alignas(kPageSize) constinit u64 boot_gigapages[kTableEntries] = {};
alignas(kPageSize) constinit u64 boot_sv48[kTableEntries] = {};
alignas(kPageSize) constinit u64 boot_sv57[kTableEntries] = {};

u64* boot_root() {
  switch (paging_mode.levels) {
    case 3: return boot_gigapages;
    case 4: return boot_sv48;
    default: return boot_sv57;
  }
}

struct EarlyAccess {
  u64* table(PhysAddr address) const { return reinterpret_cast<u64*>(address.value); }
  PhysAddr allocate() const {
    const u64 page = early_boot.info.memory.allocate(1);
    if (page != 0) std::memset(reinterpret_cast<void*>(page), 0, kPageSize);
    return {page};
  }
};
using Walker = PageTableWalker<Pte, EarlyAccess>;

constexpr PageFlags kReadOnly = PageFlags::Read | PageFlags::Global;
constexpr PageFlags kReadWrite = PageFlags::Read | PageFlags::Write | PageFlags::Dirty | PageFlags::Global;
constexpr PageFlags kCode = PageFlags::Read | PageFlags::Exec | PageFlags::Global;

template <class T>
u64 address_of(const T* symbol) {
  return reinterpret_cast<u64>(symbol);
}

void need(bool success) {
  if (!success) early_panic("no memory for page tables");
}

// True if the hart takes the mode: a write of satp with another has no effect (privileged specification, 12.1.11). The
// root maps this code onto itself, so that execution goes on where it does take it.
bool takes_mode(u64 satp) {
  u64 taken;
  asm volatile(
      "sfence.vma\n\t"
      "csrw satp, %1\n\t"
      "csrr %0, satp\n\t"
      "csrw satp, zero\n\t"
      "sfence.vma"
      : "=&r"(taken)
      : "r"(satp)
      : "memory");
  return taken == satp;
}

u64 satp_of(u64 mode, const u64* root) { return mode | address_of(root) >> kPageShift; }

bool use_mode(u64 mode, unsigned levels, VirtAddr end) {
  paging_mode.levels = levels;
  user_limit = end;
  early_boot.satp_mode = mode;
  early_boot.boot_satp = satp_of(mode, boot_root());
  return takes_mode(early_boot.boot_satp);
}

// The largest that the CPU has and the command line does not forbid, by Linux's words.
void choose_mode() {
  const u64 first = address_of(__kernel_start) >> 30, last = address_of(__kernel_end) >> 30;
  if (last >= kTableEntries / 2) early_panic("the image lies beyond what Sv39 reaches");
  for (u64 gigapage = first; gigapage <= last; ++gigapage) {
    boot_gigapages[gigapage] = Pte::make_leaf({gigapage << 30}, 2, PageFlags::Read | PageFlags::Exec);
  }
  boot_sv48[0] = Pte::make_table({address_of(boot_gigapages)});
  boot_sv57[0] = Pte::make_table({address_of(boot_sv48)});
  const lib::CommandLine words(early_boot.info.command_line);
  const bool only_sv39 = words.has("no4lvl"), no_sv57 = only_sv39 || words.has("no5lvl");
  if (!no_sv57 && use_mode(kSatpSv57, 5, kUserEndSv57)) return;
  if (!only_sv39 && use_mode(kSatpSv48, 4, kUserEndSv48)) return;
  if (!use_mode(kSatpSv39, 3, kUserEndSv39)) early_panic("the CPU has no Sv39 paging");
}

void map_image(Walker& walker) {
  const auto map = [&](u64 start, u64 end, PageFlags flags) {
    for (u64 page = start; page < end; page += kPageSize) {
      const Walker::Slot slot = walker.make(page + early_boot.offset, 0);
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

// What the boot loader left outside RAM, or beyond what `mem=` kept of it.
void map_loaded(Walker& walker, const PhysRange& range) {
  if (range.empty() || range.end().value > kDirectMapSize) return;
  for (u64 page = align_down(range.base.value, kPageSize); page < range.end().value; page += kPageSize) {
    const Walker::Slot slot = walker.make(kDirectMapBase + page, 0);
    need(slot.entry != nullptr);
    if (slot.level == 0 && !Pte::present(*slot.entry)) *slot.entry = Pte::make_leaf({page}, 0, kReadOnly);
  }
}

u64 choose_slide(const lib::fdt::Tree& tree) {
  if (lib::CommandLine(early_boot.info.command_line).has("nokaslr")) return 0;
  const BootInfo& info = early_boot.info;
  const std::string_view seed(reinterpret_cast<const char*>(info.random_seed), info.random_seed_size);
  const u64 entropy = lib::mix(tree.kaslr_seed() ^ lib::fnv1a(seed) ^ lib::mix(read_counter()));
  const u64 image = align_up(address_of(__kernel_end) - address_of(__kernel_start), kImageSlideStep);
  return (entropy >> 32) % ((kImageSlideLimit - image) / kImageSlideStep) * kImageSlideStep;
}

// The linker leaves R_RISCV_RELATIVE entries only (psABI 1.0, 3.3): a word at `offset` that is to hold `addend`, both
// for the link address.
void relocate_image(u64 slide) {
  constexpr u64 kRelative = 3;
  for (const Rela* rela = __rela_start; rela != __rela_end; ++rela) {
    if (rela->info != kRelative) early_panic("unknown relocation in the kernel image");
    *reinterpret_cast<u64*>(rela->offset - kImageLinkBase + address_of(__kernel_start)) =
        static_cast<u64>(rela->addend) + slide;
  }
}

void build_page_tables() {
  const EarlyAccess access;
  const PhysAddr root = access.allocate();
  need(root.value != 0);
  early_boot.root = root.value;
  Walker walker(root, access);
  map_image(walker);
  map_ram(walker);
  map_loaded(walker, early_boot.info.initramfs);
  map_loaded(walker, early_boot.info.device_tree);
  constexpr usize kHalf = kTableEntries / 2;
  std::memcpy(boot_root() + kHalf, access.table(root) + kHalf, kHalf * sizeof(u64));
}

}  // namespace

void refresh_boot_root() {
  constexpr usize kHalf = kTableEntries / 2;
  std::memcpy(boot_root() + kHalf, phys_to<u64>(kernel_root()) + kHalf, kHalf * sizeof(u64));
}

extern "C" EarlyResult hal_riscv_early_boot(u64 hart, u64 device_tree) {
  clock_scale.base = read_counter();
  BootInfo& info = early_boot.info;
  early_boot.hart = hart;
  info.kernel_image = {{address_of(__kernel_start)}, address_of(__kernel_end) - address_of(__kernel_start)};
  if (info.kernel_image.base.value % kImageSlideStep != 0) early_panic("the image is not at a multiple of 2 MiB");
  parse_boot_info(device_tree);
  choose_mode();
  const lib::fdt::Tree tree(reinterpret_cast<const void*>(device_tree), kDeviceTreeLimit);
  info.kernel_slide = choose_slide(tree);
  tree.forget_seeds();
  early_boot.offset = kImageLinkBase + info.kernel_slide - info.kernel_image.base.value;
  build_page_tables();
  relocate_image(info.kernel_slide);
  return {early_boot.boot_satp, early_boot.offset};
}

// Filled by the boot CPU at virtual addresses, constant afterwards.
static constinit lib::NumaTopology numa;

extern "C" void hal_riscv_boot_main() {
  activate_kernel_root();
  static_cast<void>(hal_cpu_init());
  detect_features();
  early_boot.info.loader = "Linux Image";
  lib::fdt::read_numa(device_tree(), early_boot.info.memory.ram(), numa);
  early_boot.info.numa = &numa;
  kernel::kernel_main(early_boot.info);
}

}  // namespace hal::arch

namespace hal {

PhysAddr kernel_root() { return {arch::early_boot.root}; }

}  // namespace hal
