// What the CPU is called and can do, for people and programs: /proc/cpuinfo and the auxiliary vector.
#include <cstring>
#include <initializer_list>

#include "arch/aarch64/cpu.hpp"
#include "arch/aarch64/registers.hpp"
#include "hal/cpu.hpp"
#include "hal/user_abi.hpp"
#include "kernel/lib/format.hpp"

namespace hal {
namespace {

using arch::id_field;

// The ID registers that user programs may learn from (Arm ARM D19.2.61 onwards).
enum class Id : u8 { Pfr0, Pfr1, Isar0, Isar1, Mmfr0, Mmfr2 };

u64 read_id(Id which) {
  switch (which) {
    case Id::Pfr0: return HAL_READ_REGISTER("id_aa64pfr0_el1");
    case Id::Pfr1: return HAL_READ_REGISTER("id_aa64pfr1_el1");
    case Id::Isar0: return HAL_READ_REGISTER("id_aa64isar0_el1");
    case Id::Isar1: return HAL_READ_REGISTER("id_aa64isar1_el1");
    case Id::Mmfr0: return HAL_READ_REGISTER("id_aa64mmfr0_el1");
    default: return HAL_READ_REGISTER("s3_0_c0_c7_2");  // ID_AA64MMFR2_EL1
  }
}

// A capability's bit and name (Linux arch/arm64/include/uapi/asm/hwcap.h), and the least value of the ID register's
// field that stands for it. Not listed: what the kernel does not enable (SVE, SME, MTE, pointer authentication, BTI)
// and what it does not emulate (CPUID). Bits from 64 on are those of AT_HWCAP2.
struct Capability {
  u8 bit;
  Id id;
  u8 lowest_bit;
  u8 least;
  char name[12];
};
constexpr u8 kSecond = 64;
constexpr Capability kCapabilities[] = {
    {3, Id::Isar0, 4, 1, "aes"},
    {4, Id::Isar0, 4, 2, "pmull"},
    {5, Id::Isar0, 8, 1, "sha1"},
    {6, Id::Isar0, 12, 1, "sha2"},
    {7, Id::Isar0, 16, 1, "crc32"},
    {8, Id::Isar0, 20, 2, "atomics"},
    {12, Id::Isar0, 28, 1, "asimdrdm"},
    {13, Id::Isar1, 12, 1, "jscvt"},
    {14, Id::Isar1, 16, 1, "fcma"},
    {15, Id::Isar1, 20, 1, "lrcpc"},
    {16, Id::Isar1, 0, 1, "dcpop"},
    {17, Id::Isar0, 32, 1, "sha3"},
    {18, Id::Isar0, 36, 1, "sm3"},
    {19, Id::Isar0, 40, 1, "sm4"},
    {20, Id::Isar0, 44, 1, "asimddp"},
    {21, Id::Isar0, 12, 2, "sha512"},
    {23, Id::Isar0, 48, 1, "asimdfhm"},
    {24, Id::Pfr0, 48, 1, "dit"},
    {25, Id::Mmfr2, 32, 1, "uscat"},
    {26, Id::Isar1, 20, 2, "ilrcpc"},
    {27, Id::Isar0, 52, 1, "flagm"},
    {28, Id::Pfr1, 4, 2, "ssbs"},
    {29, Id::Isar1, 36, 1, "sb"},
    {kSecond + 0, Id::Isar1, 0, 2, "dcpodp"},
    {kSecond + 7, Id::Isar0, 52, 2, "flagm2"},
    {kSecond + 8, Id::Isar1, 32, 1, "frint"},
    {kSecond + 13, Id::Isar1, 52, 1, "i8mm"},
    {kSecond + 14, Id::Isar1, 44, 1, "bf16"},
    {kSecond + 15, Id::Isar1, 48, 1, "dgh"},
    {kSecond + 16, Id::Isar0, 60, 1, "rng"},
};

// Floating point and SIMD are signed fields of ID_AA64PFR0_EL1: 0xf means none, 1 half precision as well. They come
// first in Linux's order, around "evtstrm", which is not offered.
constexpr unsigned kFpField = 16, kSimdField = 20;
constexpr u64 kNone = 0xf;
bool has_fp(unsigned field, u64 least) {
  const u64 value = id_field(read_id(Id::Pfr0), field);
  return value != kNone && value >= least;
}

bool has(const Capability& capability) {
  return id_field(read_id(capability.id), capability.lowest_bit) >= capability.least;
}

const char* part_name(u64 main_id) {
  struct Part {
    u16 number;
    char name[16];
  };
  // Arm Ltd.'s (implementer 0x41).
  static constexpr Part kParts[] = {
      {0xd03, "Cortex-A53"},  {0xd04, "Cortex-A35"},  {0xd05, "Cortex-A55"},  {0xd07, "Cortex-A57"},
      {0xd08, "Cortex-A72"},  {0xd09, "Cortex-A73"},  {0xd0a, "Cortex-A75"},  {0xd0b, "Cortex-A76"},
      {0xd0c, "Neoverse-N1"}, {0xd40, "Neoverse-V1"}, {0xd49, "Neoverse-N2"}, {0xd4b, "Cortex-A78C"},
      {0xd41, "Cortex-A78"},  {0xd47, "Cortex-A710"}, {0xd4f, "Neoverse-V2"},
  };
  constexpr u64 kArm = 0x41;
  if (main_id >> 24 == kArm) {
    for (const Part& part : kParts) {
      if (part.number == (main_id >> 4 & 0xfff)) return part.name;
    }
  }
  return "AArch64";
}

constinit CpuDescription description;
constinit bool described = false;

void describe() {
  const u64 main_id = HAL_READ_REGISTER("midr_el1");
  const char* name = part_name(main_id);
  std::memcpy(description.model, name, std::strlen(name) + 1);
  const u64 implementer = main_id >> 24 & 0xff;
  lib::format_into(description.vendor, sizeof(description.vendor), implementer == 0x41 ? "ARM" : "0x%02lx",
                   implementer);
  description.family = 8;
  description.model_number = static_cast<u32>(main_id >> 4 & 0xfff);
  description.stepping = static_cast<u32>(main_id & 0xf);
}

}  // namespace

const CpuDescription& cpu_description() {
  // Every CPU computes the same values, so that two at once do no harm.
  if (!described) describe();
  described = true;
  return description;
}

usize cpu_info_text(u32 cpu, char* buffer, usize capacity) {
  const arch::CpuLocal* local = arch::cpu_locals[cpu];
  if (local == nullptr || capacity == 0) return 0;
  usize used = 0;
  const auto print = [&](const char* format, auto... values) {
    used += lib::format_into(buffer + used, capacity - used, format, values...);
  };
  // As Linux computes it from the timer's frequency: loops of 4 instructions a jiffy (HZ=250).
  const u64 hz = HAL_READ_REGISTER("cntfrq_el0");
  print("processor\t: %u\nBogoMIPS\t: %lu.%02lu\nFeatures\t:", cpu, hz / 500'000, hz / 5'000 % 100);
  if (has_fp(kFpField, 0)) print(" fp");
  if (has_fp(kSimdField, 0)) print(" asimd");
  for (const Capability& capability : kCapabilities) {
    if (has(capability)) print(" %s", static_cast<const char*>(capability.name));
    if (capability.bit == 8 && has_fp(kFpField, 1)) print(" fphp");
    if (capability.bit == 8 && has_fp(kSimdField, 1)) print(" asimdhp");
  }
  const u64 id = local->main_id;
  print(
      "\nCPU implementer\t: 0x%02lx\nCPU architecture: 8\nCPU variant\t: 0x%lx\nCPU part\t: 0x%03lx\nCPU revision\t: "
      "%lu\n\n",
      id >> 24 & 0xff, id >> 20 & 0xf, id >> 4 & 0xfff, id & 0xf);
  return used;
}

u64 user_hwcap() {
  constexpr u64 kFp = 1 << 0, kSimd = 1 << 1, kHalf = 1 << 9, kSimdHalf = 1 << 10;
  u64 bits = (has_fp(kFpField, 0) ? kFp : 0) | (has_fp(kSimdField, 0) ? kSimd : 0) | (has_fp(kFpField, 1) ? kHalf : 0) |
             (has_fp(kSimdField, 1) ? kSimdHalf : 0);
  for (const Capability& capability : kCapabilities) {
    if (capability.bit < kSecond && has(capability)) bits |= u64{1} << capability.bit;
  }
  return bits;
}

u64 user_hwcap2() {
  u64 bits = 0;
  for (const Capability& capability : kCapabilities) {
    if (capability.bit >= kSecond && has(capability)) bits |= u64{1} << (capability.bit - kSecond);
  }
  return bits;
}

}  // namespace hal
