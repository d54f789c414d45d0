// Exceptions: who caused them, and which upcall answers.
#include "arch/aarch64/trap.hpp"

#include "arch/aarch64/asm.h"
#include "arch/aarch64/fpu.hpp"
#include "arch/aarch64/registers.hpp"
#include "arch/aarch64/syndrome.hpp"
#include "hal/context.hpp"
#include "hal/cpu.hpp"
#include "hal/kernel_fault.hpp"
#include "hal/layout.hpp"
#include "hal/upcalls.hpp"
#include "kernel/lib/format.hpp"

namespace hal::arch {

static_assert(offsetof(TrapFrame, x) == FRAME_X(0) && offsetof(TrapFrame, sp) == FRAME_SP);
static_assert(offsetof(TrapFrame, pc) == FRAME_PC && offsetof(TrapFrame, pstate) == FRAME_PC + 8);
static_assert(offsetof(TrapFrame, orig_x0) == FRAME_ORIG_X0 && offsetof(TrapFrame, syscall) == FRAME_ORIG_X0 + 8);
static_assert(offsetof(TrapFrame, syndrome) == FRAME_SYNDROME);
static_assert(offsetof(TrapFrame, fault_address) == FRAME_SYNDROME + 8);
static_assert(offsetof(TrapFrame, record) == FRAME_RECORD && sizeof(TrapFrame) == FRAME_SIZE);

namespace {

// Linux's numbers.
constexpr int kSigIll = 4, kSigTrap = 5, kSigBus = 7, kSigFpe = 8, kSigSegv = 11;
constexpr int kIllegalOpcode = 1, kIllegalOperand = 2, kTrapBreakpoint = 1, kTrapTrace = 2, kTrapHardware = 4;
constexpr int kBusAlignment = 1, kBusObject = 3, kSegvMap = 1;

VirtAddr fault_address(const TrapFrame& frame) {
  // User addresses come with the tag that TCR_EL1.TBI0 lets programs keep in the top byte.
  constexpr u64 kKernelHalf = u64{1} << 55, kWithoutTag = (u64{1} << 56) - 1;
  return (frame.fault_address & kKernelHalf) != 0 ? frame.fault_address : frame.fault_address & kWithoutTag;
}

kernel::UserException user_abort(const TrapFrame& frame, Syndrome syndrome) {
  if (syndrome.is_alignment_fault()) return {kSigBus, kBusAlignment, fault_address(frame)};
  if (syndrome.is_external_abort()) return {kSigBus, kBusObject, fault_address(frame)};
  return {kSigSegv, kSegvMap, fault_address(frame)};  // address size: nothing can be there
}

kernel::UserException user_exception(const TrapFrame& frame, Syndrome syndrome) {
  switch (syndrome.exception()) {
    case Exception::UserDataAbort:
    case Exception::UserInstructionAbort: return user_abort(frame, syndrome);
    case Exception::PcAlignment: return {kSigBus, kBusAlignment, fault_address(frame)};
    case Exception::StackAlignment: return {kSigBus, kBusAlignment, frame.sp};
    case Exception::Brk: return {kSigTrap, kTrapBreakpoint, frame.pc};
    case Exception::UserStep: return {kSigTrap, kTrapTrace, frame.pc};
    case Exception::UserBreakpoint:
    case Exception::UserWatchpoint: return {kSigTrap, kTrapHardware, frame.pc};
    case Exception::FloatingPoint: return {kSigFpe, syndrome.floating_point_code(), frame.pc};
    case Exception::PointerAuthentication:
    case Exception::BranchTarget: return {kSigIll, kIllegalOperand, frame.pc};
    default: return {kSigIll, kIllegalOpcode, frame.pc};
  }
}

// Continues a fault of kernel code at its fix-up. False where the instruction has none.
bool apply_fixup(TrapFrame& frame) {
  const VirtAddr target = fixup_of(frame.pc);
  if (target != 0) frame.pc = target;
  return target != 0;
}

void kernel_abort(TrapFrame& frame, Syndrome syndrome) {
  const kernel::PageFault fault{
      .address = fault_address(frame),
      .write = syndrome.is_write(),
      .execute = syndrome.is_instruction_abort(),
      .user_mode = false,
      .protection = syndrome.is_permission_fault(),
  };
  const bool stray = is_stray_access(frame.pc, fault.address);
  if (syndrome.is_page_fault() && !stray && kernel::on_page_fault(frame, fault)) return;
  if (apply_fixup(frame)) return;
  if (syndrome.is_page_fault()) kernel::on_fault(frame, kernel_page_fault_name(fault));
  kernel::on_fault(frame, syndrome.is_external_abort() ? "external abort" : "memory abort");
}

const char* kernel_exception_name(Exception exception) {
  switch (exception) {
    case Exception::Unknown: return "invalid instruction";
    case Exception::FpuAccess:
    case Exception::SveAccess: return "floating point in the kernel";
    case Exception::IllegalState: return "illegal execution state";
    case Exception::PcAlignment: return "misaligned program counter";
    case Exception::StackAlignment: return "misaligned stack pointer";
    case Exception::Brk: return "breakpoint";
    default: return "unknown exception";
  }
}

}  // namespace

extern "C" void hal_aarch64_user_exception(TrapFrame& frame) {
  const Syndrome syndrome(frame.syndrome);
  if (syndrome.exception() == Exception::FpuAccess) {
    fpu_first_use();
    return;
  }
  interrupts_enable();
  if (syndrome.is_page_fault()) {
    kernel::on_page_fault(frame, {.address = fault_address(frame),
                                  .write = syndrome.is_write(),
                                  .execute = syndrome.is_instruction_abort(),
                                  .user_mode = true,
                                  .protection = syndrome.is_permission_fault()});
  } else {
    kernel::on_user_exception(frame, user_exception(frame, syndrome));
  }
  interrupts_disable();
}

extern "C" void hal_aarch64_kernel_exception(TrapFrame& frame) {
  const Syndrome syndrome(frame.syndrome);
  const bool is_abort = syndrome.is_data_abort() || syndrome.is_instruction_abort();
  if (!is_abort) kernel::on_fault(frame, kernel_exception_name(syndrome.exception()));
  if ((frame.pstate & TrapFrame::kInterruptMask) == 0) interrupts_enable();
  kernel_abort(frame, syndrome);
  interrupts_disable();
}

extern "C" void hal_aarch64_return_work(TrapFrame& frame) { kernel::on_return_to_user(frame); }

extern "C" void hal_aarch64_unexpected(TrapFrame& frame, Unexpected what) {
  switch (what) {
    case Unexpected::Fiq: kernel::on_fault(frame, "unexpected FIQ");
    case Unexpected::SystemError: kernel::on_fault(frame, "system error");
    case Unexpected::StackOverflow: kernel::on_fault(frame, "kernel stack overflow");
    case Unexpected::StackPointer: kernel::on_fault(frame, "exception with the wrong stack pointer");
    default: kernel::on_fault(frame, "exception from AArch32");
  }
}

}  // namespace hal::arch

namespace hal {

void return_to_user() { arch::hal_aarch64_return_to_user(); }

usize registers_text(const TrapFrame& frame, char* buffer, usize capacity) {
  usize used = lib::format_into(buffer, capacity, "pc %016lx  sp %016lx  pstate %08lx\nesr %08lx  far %016lx\n",
                                frame.pc, frame.sp, frame.pstate, frame.syndrome, frame.fault_address);
  for (unsigned i = 0; i < 31; ++i) {
    used += lib::format_into(buffer + used, capacity - used, "x%-2u %016lx%s", i, frame.x[i],
                             i % 4 == 3 || i == 30 ? "\n" : "  ");
  }
  return used + lib::format_into(buffer + used, capacity - used, "ttbr0 %016lx  ttbr1 %016lx  sctlr %lx\n",
                                 HAL_READ_REGISTER("ttbr0_el1"), HAL_READ_REGISTER("ttbr1_el1"),
                                 HAL_READ_REGISTER("sctlr_el1"));
}

}  // namespace hal
