#include "arch/aarch64/fpu.hpp"

#include "arch/aarch64/cpu.hpp"
#include "arch/aarch64/registers.hpp"
#include "hal/cpu.hpp"

namespace hal::arch {

extern "C" {
void hal_aarch64_fpu_save(FpuArea* area);
void hal_aarch64_fpu_load(const FpuArea* area);
}

namespace {

// CPACR_EL1.FPEN (Arm ARM D19.2.29); ZEN and SMEN stay 0: SVE and SME trap everywhere.
constexpr u64 kUserTraps = 1 << 20, kNothingTraps = 3 << 20;

void disable_fpu() {
  HAL_WRITE_REGISTER("cpacr_el1", kUserTraps);
  isb();
}

}  // namespace

void fpu_init_cpu() { disable_fpu(); }

void fpu_first_use() {
  CpuLocal& local = cpu_local();
  HAL_WRITE_REGISTER("cpacr_el1", kNothingTraps);
  isb();
  hal_aarch64_fpu_load(fpu_area(*local.user_state));
  local.fpu_live = true;
}

void fpu_put_away() {
  CpuLocal& local = cpu_local();
  if (!local.fpu_live) return;
  hal_aarch64_fpu_save(fpu_area(*local.user_state));
  local.fpu_live = false;
  disable_fpu();
}

void fpu_discard() {
  CpuLocal& local = cpu_local();
  if (!local.fpu_live) return;
  local.fpu_live = false;
  disable_fpu();
}

}  // namespace hal::arch

namespace hal {

usize fpu_area_size() { return sizeof(arch::FpuArea); }

void save_fpu(ThreadState& current) {
  if (current.fpu_area == nullptr) return;
  const InterruptGuard guard;
  if (arch::cpu_local().user_state == &current) arch::fpu_put_away();
}

}  // namespace hal
