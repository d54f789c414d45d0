#include "arch/x86_64/features.hpp"

#include "arch/x86_64/instructions.hpp"
#include "arch_impl/pte.hpp"
#include "hal/cpu.hpp"

namespace hal::arch {

constinit Features features;
constinit unsigned max_leaf_level = 1;

namespace {

constexpr bool bit(u32 word, unsigned index) { return (word >> index & 1) != 0; }

// XSAVE state components (Intel SDM vol. 1 13.1). Protection keys and what needs XSAVES are left out: nobody here uses
// them, and each switch would pay.
constexpr u64 kX87 = 1 << 0, kSse = 1 << 1, kAvx = 1 << 2, kAvx512 = 7 << 5;

void detect_xsave() {
  constexpr u32 kLeaf = 0xd;
  const CpuidResult main = cpuid(kLeaf, 0);
  const u64 offered = u64{main.edx} << 32 | main.eax;
  u64 wanted = kX87 | kSse;
  if ((offered & kAvx) != 0) wanted |= kAvx;
  if ((offered & kAvx) != 0 && (offered & kAvx512) == kAvx512) wanted |= kAvx512;
  features.xcr0 = offered & wanted;
  features.xsaveopt = bit(cpuid(kLeaf, 1).eax, 0);
  // Components lie at fixed offsets in the standard format: the area ends where the last of ours does.
  u32 end = 512 + 64;
  for (u32 component = 2; component < 8; ++component) {
    if ((features.xcr0 >> component & 1) == 0) continue;
    const CpuidResult leaf = cpuid(kLeaf, component);
    if (leaf.ebx + leaf.eax > end) end = leaf.ebx + leaf.eax;
  }
  features.xsave_size = end;
}

}  // namespace

// Intel SDM vol. 2A, CPUID; AMD APM vol. 3, appendix E.
void detect_features() {
  const u32 last = cpuid(0).eax;
  const CpuidResult one = cpuid(1);
  features.leaf1_ecx = one.ecx;
  features.leaf1_edx = one.edx;
  features.x2apic = bit(one.ecx, 21);
  features.tsc_deadline = bit(one.ecx, 24);
  features.xsave = bit(one.ecx, 26);
  features.rdrand = bit(one.ecx, 30);
  if (last >= 7) {
    const CpuidResult seven = cpuid(7);
    features.leaf7_ebx = seven.ebx;
    features.leaf7_ecx = seven.ecx;
    features.leaf7_edx = seven.edx;
    features.fsgsbase = bit(seven.ebx, 0);
    features.smep = bit(seven.ebx, 7);
    features.smap = bit(seven.ebx, 20);
    features.umip = bit(seven.ecx, 2);
    features.la57 = bit(seven.ecx, 16);
  }
  const u32 last_extended = cpuid(0x8000'0000).eax;
  const CpuidResult extended = cpuid(0x8000'0001);
  features.extended_ecx = extended.ecx;
  features.extended_edx = extended.edx;
  features.giant_pages = bit(extended.edx, 26);
  features.rdtscp = bit(extended.edx, 27);
  if (last_extended >= 0x8000'0007) features.invariant_tsc = bit(cpuid(0x8000'0007).edx, 8);
  if (features.xsave && last >= 0xd) {
    detect_xsave();
  } else {
    features.xsave = false;
  }
  max_leaf_level = features.giant_pages ? 2 : 1;
}

void enable_smap_instructions() {
  extern i32 off_start[] asm("__smap_off_start"), off_end[] asm("__smap_off_end");
  extern i32 on_start[] asm("__smap_on_start"), on_end[] asm("__smap_on_end");
  constexpr u8 kClac[3] = {0x0f, 0x01, 0xca}, kStac[3] = {0x0f, 0x01, 0xcb};
  if (!features.smap) return;
  const auto patch = [](const i32* first, const i32* last, const u8* code) {
    for (; first != last; ++first) {
      u8* place = reinterpret_cast<u8*>(reinterpret_cast<u64>(first) + static_cast<u64>(static_cast<i64>(*first)));
      for (int i = 0; i < 3; ++i) place[i] = code[i];
    }
  };
  patch(off_start, off_end, kClac);
  patch(on_start, on_end, kStac);
}

}  // namespace hal::arch

namespace hal {

bool hardware_random(u64* out) {
  constexpr int kTries = 10;  // as Intel's guide for RDRAND recommends
  if (!arch::features.rdrand) return false;
  for (int i = 0; i < kTries; ++i) {
    if (arch::read_rdrand(out)) return true;
  }
  return false;
}

}  // namespace hal
