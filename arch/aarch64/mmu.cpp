// Address spaces and translation caches (Arm ARM D8.13 to D8.16). TLBI with the suffix IS reaches all CPUs by itself,
// so that no CPU need be interrupted for it. All user mappings have ASID 0.
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "hal/tlb.hpp"

#include "arch/aarch64/boot.hpp"
#include "arch/aarch64/registers.hpp"

namespace hal {
namespace {

// About where single pages cost more than refilling what a full flush drops.
constexpr u64 kFewPages = 64;

// The operand of TLBI VAAE1: bits 55 to 12 of the address (C5.5).
u64 page_operand(VirtAddr page) { return (page >> kPageShift) & ((u64{1} << 44) - 1); }

// Tables that were written before are visible to all walks before anything is dropped, and what was dropped is gone
// before anything else happens.
void finish_local() { asm volatile("dsb nsh\n\tisb" : : : "memory"); }
void finish_everywhere() { asm volatile("dsb ish\n\tisb" : : : "memory"); }

void flush_everywhere(VirtAddr start, VirtAddr end) {
  asm volatile("dsb ishst" : : : "memory");
  if (end - start <= kFewPages * kPageSize) {
    for (VirtAddr page = start; page < end; page += kPageSize)
      asm volatile("tlbi vaae1is, %0" : : "r"(page_operand(page)) : "memory");
  } else if (start >= arch::kDirectMapBase) {
    asm volatile("tlbi vmalle1is" : : : "memory");
  } else {
    asm volatile("tlbi aside1is, %0" : : "r"(u64{0}) : "memory");
  }
  finish_everywhere();
}

bool is_only_self(const CpuMask& cpus) {
  const u32 self = current_cpu()->id;
  for (usize word = 0; word < CpuMask::kWords; ++word) {
    if ((cpus.raw(word) & ~(word == self / 64 ? u64{1} << self % 64 : 0)) != 0) return false;
  }
  return true;
}

}  // namespace

void activate_root(PhysAddr root) {
  asm volatile("dsb ishst" : : : "memory");
  HAL_WRITE_REGISTER("ttbr0_el1", root.value);
  arch::isb();
  asm volatile("tlbi aside1, %0" : : "r"(u64{0}) : "memory");
  finish_local();
}

void tlb_flush_local(VirtAddr start, VirtAddr end) {
  asm volatile("dsb ishst" : : : "memory");
  if (end - start <= kFewPages * kPageSize) {
    for (VirtAddr page = start; page < end; page += kPageSize)
      asm volatile("tlbi vaae1, %0" : : "r"(page_operand(page)) : "memory");
  } else if (start >= arch::kDirectMapBase) {
    asm volatile("tlbi vmalle1" : : : "memory");
  } else {
    asm volatile("tlbi aside1, %0" : : "r"(u64{0}) : "memory");
  }
  finish_local();
}

void tlb_shootdown(const CpuMask& cpus, VirtAddr start, VirtAddr end) {
  if (is_only_self(cpus)) {
    tlb_flush_local(start, end);
  } else {
    flush_everywhere(start, end);
  }
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
