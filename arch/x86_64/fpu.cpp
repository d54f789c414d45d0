#include "arch/x86_64/fpu.hpp"

#include <algorithm>
#include <cstring>

#include "arch/x86_64/features.hpp"
#include "arch/x86_64/gdt.hpp"
#include "arch/x86_64/instructions.hpp"
#include "hal/cpu.hpp"

namespace hal::arch {
namespace {

constexpr u64 kCr0TaskSwitched = 1 << 3;
constexpr u16 kInitialControl = 0x37f;     // FNINIT: all x87 exceptions masked, extended precision
constexpr u32 kInitialMxcsr = 0x1f80;      // all SSE exceptions masked
constexpr u64 kLegacyComponents = 3;       // x87 and SSE
constexpr u32 kDefaultMxcsrMask = 0xffbf;  // Intel SDM vol. 1 11.6.6: what a mask of 0 stands for

// The parts of an FXSAVE or XSAVE area that we look at (Intel SDM vol. 1, table 10-2 and 13.4.2).
struct FpuArea {
  u16 control = 0;
  u16 status = 0;
  u8 tag = 0;
  u8 reserved0 = 0;
  u16 opcode = 0;
  u64 instruction = 0, operand = 0;
  u32 mxcsr = 0;
  u32 mxcsr_mask = 0;
  u8 registers[kFpuSoftwareBytes - 32] = {};
  u64 software[5] = {};
  u64 used = 0;        // ours, in the bytes that the CPU leaves alone: 0 in an area that was never saved to
  u64 components = 0;  // XSTATE_BV
  u64 compaction = 0;
  u64 header_reserved[6] = {};
};
static_assert(offsetof(FpuArea, mxcsr) == 24 && offsetof(FpuArea, software) == kFpuSoftwareBytes);
static_assert(offsetof(FpuArea, components) == kLegacyFpuSize);

alignas(64) constinit const FpuArea initial_area = {.control = kInitialControl, .mxcsr = kInitialMxcsr};

constinit u32 mxcsr_mask = kDefaultMxcsrMask;

void disable_fpu() { write_cr0(read_cr0() | kCr0TaskSwitched); }
void enable_fpu() { asm volatile("clts" : : : "memory"); }

void save(FpuArea* area) {
  // XSAVEOPT skips components in their initial state: what another thread left there must not shine through.
  if (area->used == 0) std::memset(area, 0, fpu_area_size());
  const u32 low = static_cast<u32>(features.xcr0), high = static_cast<u32>(features.xcr0 >> 32);
  if (features.xsaveopt) {
    asm volatile("xsaveopt64 (%0)" : : "r"(area), "a"(low), "d"(high) : "memory");
  } else if (features.xsave) {
    asm volatile("xsave64 (%0)" : : "r"(area), "a"(low), "d"(high) : "memory");
  } else {
    asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
  }
  area->used = 1;
}

void load(const FpuArea* area) {
  if (area->used == 0) area = &initial_area;
  const u32 low = static_cast<u32>(features.xcr0), high = static_cast<u32>(features.xcr0 >> 32);
  if (features.xsave) {
    asm volatile("xrstor64 (%0)" : : "r"(area), "a"(low), "d"(high) : "memory");
  } else {
    asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
  }
}

FpuArea* area_of(ThreadState& state) { return static_cast<FpuArea*>(state.fpu_area); }

}  // namespace

void fpu_init_cpu() {
  constexpr u64 kMonitorCoprocessor = 1 << 1, kEmulation = 1 << 2, kNumericError = 1 << 5;
  constexpr u64 kOsFxsave = 1 << 9, kOsSimdExceptions = 1 << 10, kOsXsave = 1 << 18;
  write_cr0((read_cr0() | kMonitorCoprocessor | kNumericError) & ~(kEmulation | kCr0TaskSwitched));
  write_cr4(read_cr4() | kOsFxsave | kOsSimdExceptions | (features.xsave ? kOsXsave : 0));
  if (features.xsave) {
    asm volatile("xsetbv" : : "c"(0), "a"(static_cast<u32>(features.xcr0)), "d"(static_cast<u32>(features.xcr0 >> 32)));
  }
  alignas(64) static constinit FpuArea probe = {};
  asm volatile("fninit\n\tfxsave64 (%0)" : : "r"(&probe) : "memory");
  if (probe.mxcsr_mask != 0) mxcsr_mask = probe.mxcsr_mask;
  disable_fpu();
}

void fpu_first_use() {
  CpuLocal& local = cpu_local();
  enable_fpu();
  load(area_of(*local.user_state));
  local.fpu_live = true;
}

void fpu_put_away() {
  CpuLocal& local = cpu_local();
  if (!local.fpu_live) return;
  save(area_of(*local.user_state));
  local.fpu_live = false;
  disable_fpu();
}

void fpu_discard() {
  CpuLocal& local = cpu_local();
  if (!local.fpu_live) return;
  local.fpu_live = false;
  disable_fpu();
}

int fpu_exception_code(bool simd) {
  constexpr int kDivide = 3, kOverflow = 4, kUnderflow = 5, kInexact = 6, kInvalid = 7;
  CpuLocal& local = cpu_local();
  if (local.user_state == nullptr) return kInvalid;
  fpu_put_away();
  const FpuArea& area = *area_of(*local.user_state);
  // Both registers have the causes in bits 0-5; the masks are in the x87 control word and in MXCSR's bits 7-12.
  const u32 raised = simd ? area.mxcsr & ~(area.mxcsr >> 7) : area.status & ~area.control;
  if ((raised & 1 << 0) != 0) return kInvalid;
  if ((raised & 1 << 2) != 0) return kDivide;
  if ((raised & 1 << 3) != 0) return kOverflow;
  if ((raised & (1 << 4 | 1 << 1)) != 0) return kUnderflow;
  if ((raised & 1 << 5) != 0) return kInexact;
  return kInvalid;
}

void fpu_materialize(void* memory) {
  auto* area = static_cast<FpuArea*>(memory);
  if (area->used != 0) return;
  // All of it: what another thread left there must not be seen.
  std::memset(area, 0, fpu_area_size());
  area->control = kInitialControl;
  area->mxcsr = kInitialMxcsr;
  area->mxcsr_mask = mxcsr_mask;
  area->used = 1;
}

// XRSTOR faults on reserved bits of MXCSR and of the header, and on components that are not enabled (Intel SDM vol. 1
// 13.8): none of that may come from a program.
void fpu_sanitize(void* memory) {
  auto* area = static_cast<FpuArea*>(memory);
  area->mxcsr &= mxcsr_mask;
  if (!features.xsave) return;
  area->components &= features.xcr0;
  area->compaction = 0;
  for (u64& word : area->header_reserved) word = 0;
}

void fpu_use_legacy_only(void* area) { static_cast<FpuArea*>(area)->components = kLegacyComponents; }
void fpu_reset(void* memory) { static_cast<FpuArea*>(memory)->used = 0; }
void fpu_mark_used(void* memory) { static_cast<FpuArea*>(memory)->used = 1; }
bool fpu_used(const void* memory) { return static_cast<const FpuArea*>(memory)->used != 0; }

}  // namespace hal::arch

namespace hal {

// Never less than FpuArea: its header is written also where the CPU itself has only FXSAVE's 512 bytes.
usize fpu_area_size() { return align_up(std::max<usize>(arch::features.xsave_size, sizeof(arch::FpuArea)), 64); }

void save_fpu(ThreadState& current) {
  if (current.fpu_area == nullptr) return;
  const InterruptGuard guard;
  if (arch::cpu_local().user_state == &current) arch::fpu_put_away();
}

}  // namespace hal
