// The final page tables, address randomization and relocation.
//
// The image gets 4 KiB pages: text read and execute, the rest read-only or read-write and never executable, the guard
// pages around the boot stack missing. The direct map has all RAM, writable but for what is read-only in the image, so
// that no kernel code can be changed through it.
#include <algorithm>
#include <cstring>

#include "arch/aarch64/acpi.hpp"
#include "arch/aarch64/boot.hpp"
#include "arch/aarch64/registers.hpp"
#include "arch_impl/counter.hpp"
#include "arch_impl/pte.hpp"
#include "hal/acpi.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "hal/page_table.hpp"
#include "hal/tlb.hpp"
#include "hal/upcalls.hpp"
#include "kernel/lib/acpi/numa.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/fdt/numa.hpp"

extern "C" {
extern u8 __kernel_start[], __text_start[], __text_end[], __rodata_start[], __rodata_end[], __data_start[];
extern u8 __boot_stack_start[], __boot_stack_end[], __kernel_end[];
struct Rela {
  u64 offset, info;
  i64 addend;
};
extern const Rela __rela_start[], __rela_end[];
constinit hal::arch::BootBlock hal_aarch64_boot_block;
alignas(kPageSize) constinit u64 hal_aarch64_empty_root[hal::kTableEntries] = {};
constinit u8 hal_aarch64_mmu_on = 0;  // memory.S looks at it
}

namespace hal::arch {
namespace {

constexpr PageFlags kReadOnly = PageFlags::Read | PageFlags::Global;
constexpr PageFlags kReadWrite = PageFlags::Read | PageFlags::Write | PageFlags::Dirty | PageFlags::Global;
constexpr PageFlags kCode = PageFlags::Read | PageFlags::Exec | PageFlags::Global;

// Tables are written past the caches: what these hold of the same memory is dropped before, so that it is never written
// back, and after, so that it is never read.
class TablePool {
 public:
  PhysAddr take() {
    if (next_ == end_) grow();
    next_ += kPageSize;
    return {next_ - kPageSize};
  }
  void drop_from_caches() const {
    for (usize i = 0; i < count_; ++i) invalidate(chunks_[i]);
  }

 private:
  static constexpr u64 kChunk = 16 * kPageSize;
  static void invalidate(u64 chunk) {
    hal_aarch64_invalidate(reinterpret_cast<void*>(chunk), reinterpret_cast<void*>(chunk + kChunk));
  }
  void grow() {
    next_ = early_boot.info.memory.allocate(kChunk / kPageSize);
    if (next_ == 0 || count_ == kMaxChunks) early_panic("no memory for page tables");
    end_ = next_ + kChunk;
    chunks_[count_++] = next_;
    invalidate(next_);
    std::memset(reinterpret_cast<void*>(next_), 0, kChunk);
  }

  static constexpr usize kMaxChunks = 64;
  u64 next_ = 0, end_ = 0;
  u64 chunks_[kMaxChunks] = {};
  usize count_ = 0;
};
constinit TablePool pool;

struct EarlyAccess {
  u64* table(PhysAddr address) const { return reinterpret_cast<u64*>(address.value); }
  PhysAddr allocate() const { return pool.take(); }
};
using Walker = PageTableWalker<Pte, EarlyAccess>;

u64 address_of(const u8* symbol) { return reinterpret_cast<u64>(symbol); }

void map_page(Walker& walker, VirtAddr page, u64 physical, PageFlags flags) {
  *walker.make(page, 0).entry = Pte::make_leaf({physical}, 0, flags);
}

void map_image(Walker& walker, u64 offset) {
  const auto map = [&](u64 start, u64 end, PageFlags flags) {
    for (u64 page = start; page < end; page += kPageSize) map_page(walker, page + offset, page, flags);
  };
  map(address_of(__text_start), align_up(address_of(__text_end), kPageSize), kCode);
  map(address_of(__rodata_start), address_of(__rodata_end), kReadOnly);
  map(address_of(__data_start), address_of(__boot_stack_start) - kPageSize, kReadWrite);
  map(address_of(__boot_stack_start), address_of(__boot_stack_end), kReadWrite);
  map(address_of(__boot_stack_end), align_up(address_of(__kernel_end), kPageSize), kReadWrite);
}

void map_direct(Walker& walker, u64 base, u64 end, PageFlags flags) {
  if (base < end && !walker.map_range(kDirectMapBase + base, {base}, end - base, flags)) {
    early_panic("memory is described twice");
  }
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

// What the boot loader or firmware gave us, where it lies outside the RAM that we use.
void map_given(Walker& walker, const PhysRange& given) {
  for (u64 page = align_down(given.base.value, kPageSize); page < given.end().value; page += kPageSize) {
    const Walker::Slot slot = walker.make(kDirectMapBase + page, 0);
    if (slot.level == 0 && !Pte::present(*slot.entry)) *slot.entry = Pte::make_leaf({page}, 0, kReadOnly);
  }
}

u64 choose_slide() {
  BootInfo& info = early_boot.info;
  if (lib::CommandLine(info.command_line).has("nokaslr")) return 0;
  u64 entropy = 0;
  static_cast<void>(hardware_random(&entropy));
  entropy ^= early_boot.kaslr_seed;
  entropy ^= read_counter() * 0x9e37'79b9'7f4a'7c15;  // 2^64 / golden ratio: spreads the counter's low bits
  const u64 image = align_up(info.kernel_image.size, kImageSlideStep);
  return (entropy >> 16) % ((kImageSlideLimit - image) / kImageSlideStep) * kImageSlideStep;
}

// The linker leaves R_AARCH64_RELATIVE entries only (ELF for the Arm 64-bit architecture, 5.7.16.1): a word at `offset`
// that is to hold `addend`, both for the link address. May be done again for another `base`.
void relocate_image(u64 base) {
  constexpr u64 kRelative = 1027;
  const u64 here = address_of(__kernel_start);
  for (const Rela* rela = __rela_start; rela != __rela_end; ++rela) {
    if (rela->info != kRelative) early_panic("unknown relocation in the kernel image");
    *reinterpret_cast<u64*>(rela->offset - kImageLinkBase + here) =
        static_cast<u64>(rela->addend) - kImageLinkBase + base;
  }
}

// Arm ARM D19.2.139 to 19.2.150.
u64 translation_control() {
  constexpr u64 kAddressBits = 48, kSize = 64 - kAddressBits;
  constexpr u64 kWalksWriteBack = 1 << 0 | 1 << 2, kWalksInnerShareable = 3 << 4;  // IRGN, ORGN, SH
  constexpr u64 kWalks = kWalksWriteBack | kWalksInnerShareable;
  constexpr u64 kKernelGranule4K = u64{2} << 30;
  constexpr u64 kIgnoreUserTopByte = u64{1} << 37;  // TBI0: programs keep tags there, as on Linux
  constexpr u64 kWideAsids = u64{1} << 36;          // AS; A1 is 0: TTBR0_EL1 has the number
  constexpr u64 kUserFaultsAtOnce = u64{1} << 56;   // E0PD1: no timing tells user mode what the kernel maps
  constexpr u64 kMostPhysicalBits = 5;              // 48
  const u64 range = std::min(id_field(HAL_READ_REGISTER("id_aa64mmfr0_el1"), 0), kMostPhysicalBits);
  const bool has_e0pd = id_field(HAL_READ_REGISTER("id_aa64mmfr2_el1"), 60) != 0;
  return kSize | kWalks << 8 | kSize << 16 | kWalks << 24 | kKernelGranule4K | range << 32 | kIgnoreUserTopByte |
         (cpu_has_wide_asids() ? kWideAsids : 0) | (has_e0pd ? kUserFaultsAtOnce : 0);
}

// pte.hpp has the indices.
constexpr u64 kMemoryAttributes = 0xff << 0 | 0x04 << 8 | 0x44 << 16;

constexpr u64 system_control() {
  constexpr u64 kMmu = 1 << 0, kDataCache = 1 << 2, kStackAlignment = 1 << 3 | 1 << 4, kInstructionCache = 1 << 12;
  constexpr u64 kUserZeroBlock = 1 << 14, kUserCacheType = 1 << 15, kUserWaits = 1 << 16 | 1 << 18;
  constexpr u64 kUserCacheMaintenance = 1 << 26;
  // EOS, EIS: exceptions synchronize; nTLSMD, LSMAOE. SPAN is 0: exceptions set PAN. No WXN: programs may map pages
  // writable and executable.
  constexpr u64 kAlwaysOne = 1 << 11 | 1 << 20 | 1 << 22 | 1 << 28 | 1 << 29;
  return kMmu | kDataCache | kStackAlignment | kInstructionCache | kUserZeroBlock | kUserCacheType | kUserWaits |
         kUserCacheMaintenance | kAlwaysOne;
}

}  // namespace

void build_page_tables() {
  BootInfo& info = early_boot.info;
  const EarlyAccess access;
  info.kernel_slide = choose_slide();
  BootBlock& block = hal_aarch64_boot_block;
  block.offset = kImageLinkBase + info.kernel_slide - address_of(__kernel_start);
  Walker kernel(access.allocate(), access);
  map_image(kernel, block.offset);
  map_ram(kernel);
  map_given(kernel, info.initramfs);
  map_given(kernel, info.device_tree);
  for_each_acpi_piece([&](u64 base, u64 size) { map_given(kernel, {{base}, size}); });
  if (early_boot.console.base.value != 0) {
    map_page(kernel, kConsoleBase, align_down(early_boot.console.base.value, kPageSize),
             PageFlags::Read | PageFlags::Write | PageFlags::Device | PageFlags::Global);
  }
  Walker identity(access.allocate(), access);
  map_page(identity, address_of(__text_start), address_of(__text_start), PageFlags::Read | PageFlags::Exec);
  block.ttbr0 = identity.root().value;
  block.ttbr1 = kernel.root().value;
  block.tcr = translation_control();
  block.mair = kMemoryAttributes;
  block.sctlr = system_control();
  pool.drop_from_caches();
}

extern "C" void hal_aarch64_early_boot(u64 device_tree) {
  relocate_image(address_of(__kernel_start));
  start_clock();
  BootInfo& info = early_boot.info;
  info.kernel_image = {{address_of(__kernel_start)}, address_of(__kernel_end) - address_of(__kernel_start)};
  parse_boot_info(device_tree);
  build_page_tables();
  // The seeds in it were wiped.
  const PhysRange& tree = info.device_tree;
  hal_aarch64_invalidate(reinterpret_cast<void*>(tree.base.value), reinterpret_cast<void*>(tree.end().value));
  relocate_image(kImageLinkBase + info.kernel_slide);
}

// Filled by the boot CPU at virtual addresses, constant afterwards.
static constinit lib::NumaTopology numa;

static void describe_machine() {
  BootInfo& info = early_boot.info;
  if (described_by_acpi()) {
    info.loader = "UEFI, with ACPI";
    lib::acpi::read_numa(acpi_boot_tables(info.acpi_rsdp), info.memory.ram(), numa);
  } else {
    info.loader = "device tree";
    lib::fdt::read_numa(device_tree(), info.memory.ram(), numa);
  }
  info.numa = &numa;
}

extern "C" void hal_aarch64_boot_main() {
  hal_aarch64_mmu_on = 1;
  activate_empty_root();
  static_cast<void>(hal_cpu_init());
  describe_machine();
  kernel::kernel_main(early_boot.info);
}

}  // namespace hal::arch

namespace hal {

PhysAddr kernel_root() { return {hal_aarch64_boot_block.ttbr1}; }

}  // namespace hal
