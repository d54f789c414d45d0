#include "arch/riscv64/fpu.hpp"

#include "arch/riscv64/cpu.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/features.hpp"
#include "arch/riscv64/vector.hpp"
#include "hal/cpu.hpp"

namespace hal::arch {

extern "C" {
void hal_riscv_fpu_save(FpuArea* area);
void hal_riscv_fpu_load(const FpuArea* area);
}
static_assert(offsetof(FpuArea, control) == 256);

bool fpu_first_use(TrapFrame& frame) {
  if (!features.float_double || frame.fpu_status() != TrapFrame::kFpuOff) return false;
  const ThreadState* state = cpu_local().user_state;
  if (state == nullptr || state->fpu_area == nullptr) return false;
  SET_CSR("sstatus", TrapFrame::kFpuMask);
  hal_riscv_fpu_load(static_cast<const FpuArea*>(state->fpu_area));
  frame.set_fpu_status(TrapFrame::kFpuClean);
  return true;
}

void fpu_put_away(TrapFrame& frame, ThreadState& state) {
  if (frame.fpu_status() == TrapFrame::kFpuDirty && state.fpu_area != nullptr) {
    SET_CSR("sstatus", TrapFrame::kFpuMask);
    hal_riscv_fpu_save(static_cast<FpuArea*>(state.fpu_area));
  }
  frame.set_fpu_status(TrapFrame::kFpuOff);
}

}  // namespace hal::arch

namespace hal {

usize fpu_area_size() { return align_up(sizeof(arch::FpuArea), 64); }

void save_fpu(ThreadState& current) {
  if (current.fpu_area == nullptr) return;
  const InterruptGuard guard;
  if (arch::cpu_local().user_state != &current) return;
  TrapFrame& frame = *user_frame(current_thread()->kernel_stack_top);
  arch::fpu_put_away(frame, current);
  arch::vector_put_away(frame, current);
}

}  // namespace hal
