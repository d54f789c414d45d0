// What the CPU is called and can do, for people and programs: /proc/cpuinfo and the auxiliary vector.
#include <cstring>

#include "arch/x86_64/features.hpp"
#include "arch/x86_64/instructions.hpp"
#include "arch_impl/pte.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/timer.hpp"
#include "hal/user_abi.hpp"

namespace hal {
namespace {

using arch::cpuid;
using arch::CpuidResult;
using arch::features;

constinit CpuDescription description;
constinit bool described = false;

void copy_words(char* to, std::initializer_list<u32> words) {
  for (const u32 word : words) {
    std::memcpy(to, &word, sizeof(word));
    to += sizeof(word);
  }
}

void describe() {
  const CpuidResult zero = cpuid(0), one = cpuid(1);
  copy_words(description.vendor, {zero.ebx, zero.edx, zero.ecx});
  // Family and model come in two parts each (Intel SDM vol. 2A, CPUID, figure 3-6).
  const u32 family = one.eax >> 8 & 0xf, model = one.eax >> 4 & 0xf;
  description.family = family == 0xf ? family + (one.eax >> 20 & 0xff) : family;
  description.model_number = family == 6 || family == 0xf ? model | (one.eax >> 16 & 0xf) << 4 : model;
  description.stepping = one.eax & 0xf;
  if (cpuid(0x8000'0000).eax >= 0x8000'0004) {
    for (u32 i = 0; i < 3; ++i) {
      const CpuidResult part = cpuid(0x8000'0002 + i);
      copy_words(description.model + 16 * i, {part.eax, part.ebx, part.ecx, part.edx});
    }
  }
  const u64 factor = clock_scale.factor;
  if (factor != 0) description.frequency_hz = (u64{1'000'000'000} << 32) / factor;
}

struct Flag {
  u8 word;
  u8 bit;
  char name[16];
};
// Linux's names (arch/x86/include/asm/cpufeatures.h), in its order. Words: CPUID 1 edx, 80000001h edx, 1 ecx,
// 80000001h ecx, 7 ebx, 7 ecx, 7 edx.
constexpr Flag kFlags[] = {
    {0, 0, "fpu"},           {0, 1, "vme"},      {0, 2, "de"},          {0, 3, "pse"},
    {0, 4, "tsc"},           {0, 5, "msr"},      {0, 6, "pae"},         {0, 7, "mce"},
    {0, 8, "cx8"},           {0, 9, "apic"},     {0, 11, "sep"},        {0, 12, "mtrr"},
    {0, 13, "pge"},          {0, 14, "mca"},     {0, 15, "cmov"},       {0, 16, "pat"},
    {0, 17, "pse36"},        {0, 19, "clflush"}, {0, 23, "mmx"},        {0, 24, "fxsr"},
    {0, 25, "sse"},          {0, 26, "sse2"},    {0, 28, "ht"},         {1, 11, "syscall"},
    {1, 20, "nx"},           {1, 22, "mmxext"},  {1, 25, "fxsr_opt"},   {1, 26, "pdpe1gb"},
    {1, 27, "rdtscp"},       {1, 29, "lm"},      {2, 0, "pni"},         {2, 1, "pclmulqdq"},
    {2, 3, "monitor"},       {2, 9, "ssse3"},    {2, 12, "fma"},        {2, 13, "cx16"},
    {2, 17, "pcid"},         {2, 19, "sse4_1"},  {2, 20, "sse4_2"},     {2, 21, "x2apic"},
    {2, 22, "movbe"},        {2, 23, "popcnt"},  {2, 25, "aes"},        {2, 26, "xsave"},
    {2, 28, "avx"},          {2, 29, "f16c"},    {2, 30, "rdrand"},     {2, 31, "hypervisor"},
    {3, 0, "lahf_lm"},       {3, 2, "svm"},      {3, 5, "abm"},         {3, 6, "sse4a"},
    {3, 8, "3dnowprefetch"}, {4, 0, "fsgsbase"}, {4, 3, "bmi1"},        {4, 5, "avx2"},
    {4, 7, "smep"},          {4, 8, "bmi2"},     {4, 9, "erms"},        {4, 18, "rdseed"},
    {4, 19, "adx"},          {4, 20, "smap"},    {4, 23, "clflushopt"}, {4, 24, "clwb"},
    {4, 29, "sha_ni"},       {5, 2, "umip"},     {5, 9, "vaes"},        {5, 10, "vpclmulqdq"},
    {5, 16, "la57"},         {5, 22, "rdpid"},   {6, 4, "fsrm"},
};

u32 flag_word(u8 word) {
  // What the kernel did not enable is not to be seen: AVX without XSAVE, LA57 with `no5lvl`.
  constexpr u32 kAvxBit = 1 << 28, kXsaveBit = 1 << 26, kLa57Bit = 1 << 16;
  const bool avx = (features.xcr0 & 4) != 0;
  switch (word) {
    case 0: return features.leaf1_edx;
    case 1: return features.extended_edx;
    case 2: return features.leaf1_ecx & ~(avx ? 0 : kAvxBit) & ~(features.xsave ? 0 : kXsaveBit);
    case 3: return features.extended_ecx;
    case 4: return features.leaf7_ebx & ~(avx ? 0u : 1u << 5);
    case 5: return features.leaf7_ecx & ~(arch::paging_levels == 5 ? 0 : kLa57Bit);
    default: return features.leaf7_edx;
  }
}

// Text into a buffer that may be too small.
class Writer {
 public:
  Writer(char* buffer, usize capacity) : buffer_(buffer), capacity_(capacity) {}

  Writer& operator<<(const char* text) {
    for (; *text != 0; ++text) {
      if (size_ < capacity_) buffer_[size_++] = *text;
    }
    return *this;
  }
  Writer& operator<<(u64 value) {
    char digits[21];
    usize at = sizeof(digits) - 1;
    digits[at] = 0;
    do {
      digits[--at] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    return *this << &digits[at];
  }
  usize size() const { return size_; }

 private:
  char* buffer_;
  usize capacity_;
  usize size_ = 0;
};

}  // namespace

const CpuDescription& cpu_description() {
  // Every CPU computes the same values, so that two at once do no harm. Again until the clock's rate is known.
  if (!described) {
    describe();
    described = description.frequency_hz != 0;
  }
  return description;
}

usize cpu_info_text(u32 cpu, char* buffer, usize capacity) {
  const CpuDescription& cpu_text = cpu_description();
  const u64 khz = cpu_text.frequency_hz / 1000;
  const u64 count = hal_cpu_count();
  Writer out(buffer, capacity);
  out << "processor\t: " << cpu << "\nvendor_id\t: " << cpu_text.vendor << "\ncpu family\t: " << cpu_text.family
      << "\nmodel\t\t: " << cpu_text.model_number << "\nmodel name\t: " << cpu_text.model
      << "\nstepping\t: " << cpu_text.stepping << "\ncpu MHz\t\t: " << khz / 1000
      << ".000\nphysical id\t: 0\nsiblings\t: " << count << "\ncore id\t\t: " << cpu << "\ncpu cores\t: " << count
      << "\napicid\t\t: " << cpu << "\nfpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: " << cpuid(0).eax
      << "\nwp\t\t: yes\nflags\t\t:";
  for (const Flag& flag : kFlags) {
    if ((flag_word(flag.word) >> flag.bit & 1) != 0) out << " " << flag.name;
  }
  const u32 sizes = cpuid(0x8000'0008).eax;
  out << "\nbugs\t\t:\nbogomips\t: " << khz / 500 << ".00\nclflush size\t: " << (cpuid(1).ebx >> 8 & 0xff) * u64{8}
      << "\ncache_alignment\t: 64\naddress sizes\t: " << (sizes & 0xff) << " bits physical, " << (sizes >> 8 & 0xff)
      << " bits virtual\npower management:\n\n";
  return out.size();
}

// CPUID 1 EDX, and bit 1 for FSGSBASE (Linux arch/x86/include/uapi/asm/hwcap2.h).
u64 user_hwcap() { return features.leaf1_edx; }
u64 user_hwcap2() { return features.fsgsbase ? u64{2} : u64{0}; }

}  // namespace hal
