// What the CPUs are called and can do, for people and programs: /proc/cpuinfo and random numbers.
#include <algorithm>
#include <cstring>

#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/cpu.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/features.hpp"
#include "arch/riscv64/sbi.hpp"
#include "arch_impl/pte.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/page_table.hpp"
#include "hal/timer.hpp"
#include "kernel/lib/format.hpp"

namespace hal {
namespace {

using lib::fdt::Node;
using lib::fdt::Tree;

constinit CpuDescription description;
constinit bool described = false;

template <usize size>
void copy_text(char (&to)[size], std::string_view text) {
  const usize length = std::min(text.size(), size - 1);
  std::memcpy(to, text.data(), length);
  to[length] = 0;
}

// Programs cannot use what the kernel leaves off: the hypervisor, and vector units that are less than V.
bool is_offered(std::string_view extension) {
  if (extension.starts_with("zv")) return arch::features.vector;
  return extension != "h" && !extension.starts_with("sha") && !extension.starts_with("shv");
}

// Text into a buffer that may be too small.
class Writer {
 public:
  Writer(char* buffer, usize capacity) : buffer_(buffer), capacity_(capacity) {}
  void put(std::string_view text) {
    const usize length = std::min(text.size(), capacity_ - size_);
    std::memcpy(buffer_ + size_, text.data(), length);
    size_ += length;
  }
  void put_line(const char* name, u64 value, const char* format) {
    char line[64];
    put(name);
    put({line, lib::format_into(line, sizeof(line), format, value)});
  }
  usize size() const { return size_; }

 private:
  char* buffer_;
  usize capacity_;
  usize size_ = 0;
};

void put_isa(Writer& out, const Tree& tree, Node cpu) {
  bool first_word = true;
  out.put("rv64");
  arch::for_each_extension(tree, cpu, [&](std::string_view name) {
    if (!is_offered(name)) return;
    if (name.size() > 1 || !first_word) out.put("_");
    if (name.size() > 1) first_word = false;
    out.put(name);
  });
}

// How the paging modes are called: by the bits of an address.
u64 paging_bits() { return kPageShift + u64{hal::kTableShift} * arch::paging_mode.levels; }

// SBI 2.0, 4.5 to 4.7: of the boot hart, and all are the same.
u64 machine_id(u64 function) { return arch::sbi_call(arch::SbiExtension::Base, function).value; }

// The seed register (unprivileged specification 20240411, 30.4.1): 16 bits, and in bits 31-30 what they are worth.
// A firmware that keeps it to itself makes the access an illegal instruction.
constexpr u64 kSeedBits = 0xffff, kSeedStatus = u64{3} << 30, kSeedReady = u64{2} << 30, kSeedDead = u64{3} << 30;
u64 read_seed() {
  u64 value = kSeedDead;
  asm volatile(
      "1: csrrw %0, 0x015, zero\n"
      "2:\n"
      "  .pushsection .fixups, \"a\"\n"
      "  .long 1b - .\n"
      "  .long 2b - .\n"
      "  .popsection"
      : "+r"(value)
      :
      : "memory");
  return value;
}

}  // namespace

const CpuDescription& cpu_description() {
  // Every CPU computes the same values, so that two at once do no harm.
  if (!described) {
    const Tree tree = arch::device_tree();
    copy_text(description.vendor, "RISC-V");
    copy_text(description.model, tree.text(tree.find("/"), "model"));
    described = true;
  }
  return description;
}

usize cpu_info_text(u32 cpu, char* buffer, usize capacity) {
  constexpr u64 kVendor = 4, kArchitecture = 5, kImplementation = 6;
  const arch::CpuLocal* local = arch::cpu_locals[cpu].load(std::memory_order_acquire);
  if (local == nullptr) return 0;
  const Tree tree = arch::device_tree();
  Node node;
  tree.for_each_cpu([&](Node candidate, u64 hart) {
    if (hart == local->hart) node = candidate;
  });
  Writer out(buffer, capacity);
  out.put_line("processor\t: ", cpu, "%lu\n");
  out.put_line("hart\t\t: ", local->hart, "%lu\n");
  out.put("isa\t\t: ");
  put_isa(out, tree, node);
  out.put_line("\nmmu\t\t: ", paging_bits(), "sv%lu\n");
  out.put_line("mvendorid\t: ", machine_id(kVendor), "0x%lx\n");
  out.put_line("marchid\t\t: ", machine_id(kArchitecture), "0x%lx\n");
  out.put_line("mimpid\t\t: ", machine_id(kImplementation), "0x%lx\n\n");
  return out.size();
}

bool hardware_random(u64* out) {
  if (!arch::features.zkr) return false;
  constexpr int kTries = 1000, kBitsOfEach = 16, kWanted = 128;  // half of the bits count as random
  u64 result = 0;
  for (int tries = 0, bits = 0; tries < kTries; ++tries) {
    const u64 seed = read_seed();
    if ((seed & kSeedStatus) == kSeedDead) return false;
    if ((seed & kSeedStatus) != kSeedReady) continue;
    result = (result << kBitsOfEach | result >> (64 - kBitsOfEach)) ^ (seed & kSeedBits);
    bits += kBitsOfEach;
    if (bits < kWanted) continue;
    *out = result;
    return true;
  }
  return false;
}

}  // namespace hal
