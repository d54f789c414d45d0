// System registers by name, and fields of ID registers.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

// Names are those of the assembler: read_register<"midr_el1">() would be nicer, but asm wants a literal.
#define HAL_READ_REGISTER(name)                           \
  ({                                                      \
    ::u64 register_value;                                 \
    asm volatile("mrs %0, " name : "=r"(register_value)); \
    register_value;                                       \
  })
// Takes effect for what follows after the next isb().
#define HAL_WRITE_REGISTER(name, value) asm volatile("msr " name ", %0" : : "r"(static_cast<::u64>(value)) : "memory")

inline void isb() { asm volatile("isb" : : : "memory"); }

// ID registers consist of fields of four bits; 0 stands for "not there" in those that we ask for.
constexpr u64 id_field(u64 value, unsigned lowest_bit) { return value >> lowest_bit & 0xf; }

// ID_AA64MMFR1_EL1.PAN, ID_AA64ISAR0_EL1.RNDR, ID_AA64PFR0_EL1.GIC, ID_AA64DFR0_EL1.PMUVer (Arm ARM D19.2).
inline bool cpu_has_pan() { return id_field(HAL_READ_REGISTER("id_aa64mmfr1_el1"), 20) != 0; }
inline bool cpu_has_rndr() { return id_field(HAL_READ_REGISTER("id_aa64isar0_el1"), 60) != 0; }
inline bool cpu_has_gic_registers() { return id_field(HAL_READ_REGISTER("id_aa64pfr0_el1"), 24) != 0; }
inline bool cpu_has_pmu() {
  const u64 version = id_field(HAL_READ_REGISTER("id_aa64dfr0_el1"), 8);
  return version != 0 && version != 0xf;  // 0xf: not Arm's
}

// ID_AA64MMFR0_EL1.ASIDBits: 16 bits where 2, else 8. TCR_EL1.AS turns them on.
inline bool cpu_has_wide_asids() { return id_field(HAL_READ_REGISTER("id_aa64mmfr0_el1"), 4) == 2; }

// MPIDR_EL1: the affinity levels 3 to 0, without the flags between them.
inline constexpr u64 kAffinityMask = 0xff'00ff'ffff;
inline u64 cpu_affinity() { return HAL_READ_REGISTER("mpidr_el1") & kAffinityMask; }

}  // namespace hal::arch
