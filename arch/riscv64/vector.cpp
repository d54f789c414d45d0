#include "arch/riscv64/vector.hpp"

#include <cstring>

#include "arch/riscv64/cpu.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/features.hpp"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/user_access.hpp"

namespace hal::arch {
namespace {

extern "C" {
void hal_riscv_vector_save(VectorArea* area);
void hal_riscv_vector_load(const VectorArea* area);
usize hal_riscv_vector_register_bytes();
}

constexpr usize kRegisters = 32, kAlignment = 16;

constinit usize registers_size = 0;  // of all; written once by vector_init()

VectorArea* area_of(const ThreadState& state) { return static_cast<VectorArea*>(state.vector_area); }

// The instruction that trapped: stval has it, or is 0 (privileged specification 20240411, 12.1.9).
u32 instruction_of(const TrapFrame& frame) {
  u32 instruction = static_cast<u32>(frame.value);
  if (instruction != 0) return instruction;
  interrupts_enable();
  if (!is_user_range(frame.pc, sizeof(instruction)) ||
      hal_copy_from_user(&instruction, frame.pc, sizeof(instruction)) != 0) {
    instruction = 0;
  }
  interrupts_disable();
  return instruction;
}

// vstart, vxsat, vxrm, vcsr, vl, vtype, vlenb (V 1.0, table 1).
bool is_vector_register(u32 csr) {
  return (csr >= 0x008 && csr <= 0x00a) || csr == 0x00f || (csr >= 0xc20 && csr <= 0xc22);
}

// By major opcode (V 1.0, chapters 5 and 7; OP-VE: vector cryptography 1.0).
bool is_vector(u32 instruction) {
  constexpr u32 kLoad = 0x07, kStore = 0x27, kArithmetic = 0x57, kCryptography = 0x77, kSystem = 0x73;
  const u32 width = instruction >> 12 & 7;
  switch (instruction & 0x7f) {
    case kArithmetic:
    case kCryptography: return true;
    case kLoad:
    case kStore: return width == 0 || width >= 5;  // the others are floating-point
    case kSystem: return (width & 3) != 0 && is_vector_register(instruction >> 20);
    default: return false;
  }
}

Status make_area(ThreadState& state) {
  interrupts_enable();
  state.vector_area = hal_alloc(vector_area_size(), kAlignment);
  interrupts_disable();
  if (state.vector_area == nullptr) return Err(Errno::ENOMEM);
  return {};
}

}  // namespace

void vector_init() {
  if (!features.vector) return;
  SET_CSR("sstatus", TrapFrame::kVectorMask);
  registers_size = kRegisters * hal_riscv_vector_register_bytes();
  CLEAR_CSR("sstatus", TrapFrame::kVectorMask);
}

usize vector_registers_size() { return registers_size; }
usize vector_area_size() { return registers_size == 0 ? 0 : sizeof(VectorArea) + registers_size; }

Result<bool> vector_first_use(TrapFrame& frame) {
  if (registers_size == 0 || frame.vector_status() != TrapFrame::kVectorOff) return false;
  ThreadState* state = cpu_local().user_state;
  if (state == nullptr || !is_vector(instruction_of(frame))) return false;
  const bool is_fresh = state->vector_area == nullptr;
  if (is_fresh) TRY(make_area(*state));
  SET_CSR("sstatus", TrapFrame::kVectorMask);
  hal_riscv_vector_load(area_of(*state));
  frame.set_vector_status(is_fresh ? TrapFrame::kVectorInitial : TrapFrame::kVectorClean);
  return true;
}

void vector_put_away(TrapFrame& frame, ThreadState& state) {
  if (frame.vector_status() == TrapFrame::kVectorDirty && state.vector_area != nullptr) {
    SET_CSR("sstatus", TrapFrame::kVectorMask);
    hal_riscv_vector_save(area_of(state));
  }
  frame.set_vector_status(TrapFrame::kVectorOff);
}

Status vector_fork(const ThreadState& parent, ThreadState& child) {
  if (parent.vector_area == nullptr) return {};
  child.vector_area = hal_alloc(vector_area_size(), kAlignment);
  if (child.vector_area == nullptr) return Err(Errno::ENOMEM);
  std::memcpy(child.vector_area, parent.vector_area, vector_area_size());
  return {};
}

void vector_release(ThreadState& state) {
  hal_free(state.vector_area);
  state.vector_area = nullptr;
}

}  // namespace hal::arch
