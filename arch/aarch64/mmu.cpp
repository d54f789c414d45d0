// Address spaces and translation caches (Arm ARM D8.13 to D8.16). TLBI with the suffix IS reaches all CPUs by itself,
// so that no CPU need be interrupted for it. User mappings have the ASID of their address space, in TTBR0_EL1 beside
// the root, so that both change in one write; ASID 0 is for the empty root.
#include "arch/aarch64/boot.hpp"
#include "arch/aarch64/registers.hpp"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "hal/log.h"
#include "hal/tlb.hpp"
#include "kernel/lib/command_line.hpp"

namespace hal {
namespace {

using Flush = lib::AsidAllocator::Flush;

constinit lib::AsidAllocator numbers;
// Of a CpuMask, those in which there are CPUs.
constinit usize mask_words = CpuMask::kWords;

// TTBR0_EL1 and the operands of TLBI have it there (D19.2.155, C5.5).
constexpr unsigned kNumberShift = 48;

// About where single pages cost more than refilling what a full flush drops.
constexpr u64 kFewPages = 64;

// The operand of TLBI VAAE1, and with a number of VAE1: bits 55 to 12 of the address (C5.5).
u64 page_operand(VirtAddr page) { return (page >> kPageShift) & ((u64{1} << 44) - 1); }

// Tables that were written before are visible to all walks before anything is dropped, and what was dropped is gone
// before anything else happens.
void finish_local() { asm volatile("dsb nsh\n\tisb" : : : "memory"); }
void finish_everywhere() { asm volatile("dsb ish\n\tisb" : : : "memory"); }

void flush_number_here(u64 number, VirtAddr start, VirtAddr end) {
  asm volatile("dsb ishst" : : : "memory");
  if (end - start <= kFewPages * kPageSize) {
    for (VirtAddr page = start; page < end; page += kPageSize)
      asm volatile("tlbi vae1, %0" : : "r"(number | page_operand(page)) : "memory");
  } else {
    asm volatile("tlbi aside1, %0" : : "r"(number) : "memory");
  }
  finish_local();
}

void flush_number_everywhere(u64 number, VirtAddr start, VirtAddr end) {
  asm volatile("dsb ishst" : : : "memory");
  if (end - start <= kFewPages * kPageSize) {
    for (VirtAddr page = start; page < end; page += kPageSize)
      asm volatile("tlbi vae1is, %0" : : "r"(number | page_operand(page)) : "memory");
  } else {
    asm volatile("tlbi aside1is, %0" : : "r"(number) : "memory");
  }
  finish_everywhere();
}

// ID_AA64MMFR0_EL1.ASIDBits (D19.2.64): 8, or 16, which TCR_EL1.AS has turned on then.
unsigned number_bits() { return arch::cpu_has_wide_asids() ? 16 : 8; }

}  // namespace

namespace arch {

void activate_empty_root() {
  HAL_WRITE_REGISTER("ttbr0_el1", image_to_phys(hal_aarch64_empty_root).value);
  isb();
  asm volatile("tlbi aside1, %0" : : "r"(u64{0}) : "memory");
  finish_local();
}

bool asids_fit() {
  if (numbers.bits() <= number_bits()) return true;
  hal_log(HAL_LOG_ERROR, "mmu", "this CPU has ASIDs of %u bits, the others of %u", number_bits(), numbers.bits());
  return false;
}

void start_asids(u32 cpus) {
  mask_words = (cpus + 63) / 64;
  const unsigned bits = lib::asid_bits(lib::CommandLine(early_boot.info.command_line), number_bits());
  if (numbers.configure(bits, cpus)) {
    hal_log(HAL_LOG_INFO, "mmu", "ASIDs of %u bits", bits);
  } else {
    hal_log(HAL_LOG_INFO, "mmu", "no ASIDs: every switch of address spaces empties the TLB");
  }
}

}  // namespace arch

void activate_root(UserRoot& root) {
  const auto [number, flush] = root.enter(numbers, current_cpu()->id);
  const u64 field = u64{number} << kNumberShift;
  // Walks come after what the fence in enter() waited for: DMB does not hold them back, DSB does.
  asm volatile("dsb ish" : : : "memory");
  HAL_WRITE_REGISTER("ttbr0_el1", field | root.table().value);
  arch::isb();
  if (flush == Flush::Nothing) return;
  // After the write, because the old root may have had the same number. Nobody reads user memory in between.
  if (flush == Flush::Everything) {
    asm volatile("tlbi vmalle1" : : : "memory");
  } else {
    asm volatile("tlbi aside1, %0" : : "r"(field) : "memory");
  }
  finish_local();
}

void tlb_flush_local(VirtAddr start, VirtAddr end) {
  asm volatile("dsb ishst" : : : "memory");
  if (end - start <= kFewPages * kPageSize) {
    for (VirtAddr page = start; page < end; page += kPageSize)
      asm volatile("tlbi vaae1, %0" : : "r"(page_operand(page)) : "memory");
  } else {
    asm volatile("tlbi vmalle1" : : : "memory");
  }
  finish_local();
}

void tlb_flush_user(UserRoot& root, VirtAddr start, VirtAddr end) {
  const UserRoot::Targets targets = root.begin_flush(current_cpu()->id, mask_words);
  const u64 number = u64{root.number()} << kNumberShift;
  if (targets.any_other) {
    flush_number_everywhere(number, start, end);
  } else if (targets.self) {
    flush_number_here(number, start, end);
  }
}

void tlb_flush_kernel(VirtAddr start, VirtAddr end) {
  asm volatile("dsb ishst" : : : "memory");
  if (end - start <= kFewPages * kPageSize) {
    for (VirtAddr page = start; page < end; page += kPageSize)
      asm volatile("tlbi vaae1is, %0" : : "r"(page_operand(page)) : "memory");
  } else {
    asm volatile("tlbi vmalle1is" : : : "memory");
  }
  finish_everywhere();
}

// Clean to where instruction fetches look, then drop what they had (B2.4.4). CTR_EL0 says where the hardware needs
// neither.
void sync_instructions(VirtAddr start, VirtAddr end) {
  const u64 type = HAL_READ_REGISTER("ctr_el0");
  const u64 data_line = u64{4} << (type >> 16 & 0xf), instruction_line = u64{4} << (type & 0xf);
  const bool clean_is_needless = (type >> 28 & 1) != 0, drop_is_needless = (type >> 29 & 1) != 0;
  for (VirtAddr at = align_down(start, data_line); at < end && !clean_is_needless; at += data_line)
    asm volatile("dc cvau, %0" : : "r"(at) : "memory");
  asm volatile("dsb ish" : : : "memory");
  for (VirtAddr at = align_down(start, instruction_line); at < end && !drop_is_needless; at += instruction_line)
    asm volatile("ic ivau, %0" : : "r"(at) : "memory");
  asm volatile("dsb ish\n\tisb" : : : "memory");
}

}  // namespace hal
