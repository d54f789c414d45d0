// Traps: who caused them, and which upcall answers.
#include "arch/riscv64/trap.hpp"

#include "arch/riscv64/asm.h"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/fpu.hpp"
#include "arch/riscv64/vector.hpp"
#include "arch_impl/pte.hpp"
#include "hal/cpu.hpp"
#include "hal/kernel_fault.hpp"
#include "hal/layout.hpp"
#include "hal/page_table.hpp"
#include "hal/tlb.hpp"
#include "hal/upcalls.hpp"

namespace hal::arch {

static_assert(offsetof(TrapFrame, pc) == FRAME_PC && offsetof(TrapFrame, ra) == FRAME_RA);
static_assert(offsetof(TrapFrame, tp) == FRAME_TP && offsetof(TrapFrame, t0) == FRAME_T0);
static_assert(offsetof(TrapFrame, s0) == FRAME_S0 && offsetof(TrapFrame, a0) == FRAME_A0);
static_assert(offsetof(TrapFrame, s2) == FRAME_S2 && offsetof(TrapFrame, s11) == FRAME_S11);
static_assert(offsetof(TrapFrame, t6) == FRAME_T6 && offsetof(TrapFrame, status) == FRAME_STATUS);
static_assert(offsetof(TrapFrame, orig_a0) == FRAME_ORIG_A0 && offsetof(TrapFrame, thread) == FRAME_THREAD);
static_assert(offsetof(TrapFrame, fast_return) == FRAME_FAST && sizeof(TrapFrame) == FRAME_SIZE);
static_assert(kThreadWorkOffset == THREAD_WORK && kThreadKernelStackOffset == THREAD_KERNEL_STACK);
static_assert(kThreadCpuOffset == THREAD_CPU && kCpuScratchOffset == CPU_EMERGENCY_STACK);
static_assert(kKernelStackSize == 1 << KERNEL_STACK_SHIFT);
static_assert(TrapFrame::kUserAccess == STATUS_SUM && TrapFrame::kInterruptEnable == STATUS_SIE);
static_assert(static_cast<u64>(Exception::UserCall) == CAUSE_USER_CALL);

namespace {

// Linux's numbers.
constexpr int kSigIll = 4, kSigTrap = 5, kSigBus = 7, kSigSegv = 11;
constexpr int kFromKernel = 0x80;  // SI_KERNEL
constexpr int kIllegalOpcode = 1, kIllegalTrap = 4, kTrapBreakpoint = 1, kBusAlignment = 1, kSegvAccess = 2;

const char* exception_name(Exception exception) {
  switch (exception) {
    case Exception::InstructionMisaligned: return "misaligned jump";
    case Exception::InstructionAccess: return "instruction access fault";
    case Exception::IllegalInstruction: return "illegal instruction";
    case Exception::Breakpoint: return "breakpoint";
    case Exception::LoadMisaligned: return "misaligned load";
    case Exception::LoadAccess: return "load access fault";
    case Exception::StoreMisaligned: return "misaligned store";
    case Exception::StoreAccess: return "store access fault";
    case Exception::SoftwareCheck: return "software check";
    case Exception::HardwareError: return "hardware error";
    default: return "unknown exception";
  }
}

// As Linux reports them (arch/riscv/kernel/traps.c).
kernel::UserException user_exception(const TrapFrame& frame, Exception exception) {
  switch (exception) {
    case Exception::InstructionMisaligned: return {kSigBus, kBusAlignment, frame.pc};
    case Exception::LoadMisaligned:
    case Exception::StoreMisaligned: return {kSigBus, kBusAlignment, frame.value};
    case Exception::InstructionAccess: return {kSigSegv, kSegvAccess, frame.pc};
    case Exception::LoadAccess:
    case Exception::StoreAccess: return {kSigSegv, kSegvAccess, frame.value};
    case Exception::IllegalInstruction: return {kSigIll, kIllegalOpcode, frame.pc};
    case Exception::Breakpoint: return {kSigTrap, kTrapBreakpoint, frame.pc};
    default: return {kSigIll, kIllegalTrap, frame.pc};
  }
}

bool apply_fixup(TrapFrame& frame) {
  const VirtAddr target = fixup_of(frame.pc);
  if (target != 0) frame.pc = target;
  return target != 0;
}

struct DirectMapAccess {
  u64* table(PhysAddr address) const { return phys_to<u64>(address); }
  PhysAddr allocate() const { return {}; }
};

// What the kernel's tables, which are never freed, say about a kernel address; 0 where nothing is mapped.
u64 kernel_entry(VirtAddr address) {
  if (address < kDirectMapBase) return 0;
  const auto slot = PageTableWalker<Pte, DirectMapAccess>(kernel_root(), {}).find(address);
  return Pte::present(*slot.entry) ? *slot.entry : 0;
}

// A CPU may remember that nothing was mapped where something is now (privileged specification 20240411, 12.2.1): the
// kernel does not flush for new mappings everywhere, but here, when one is missed.
bool is_stale(const kernel::PageFault& fault, u64 entry) {
  const u64 needed = Pte::kValid | (fault.write ? Pte::kWrite : fault.execute ? Pte::kExec : Pte::kRead);
  if ((entry & needed) != needed || (entry & Pte::kUser) != 0) return false;
  flush_page(fault.address);
  return true;
}

void page_fault(TrapFrame& frame, Exception exception) {
  kernel::PageFault fault{
      .address = frame.value,
      .write = exception == Exception::StorePageFault,
      .execute = exception == Exception::InstructionPageFault,
      .user_mode = frame.from_user(),
      // The cause does not say; of user addresses the kernel keeps its own account.
      .protection = false,
  };
  if (!fault.user_mode) {
    const u64 entry = kernel_entry(fault.address);
    if (is_stale(fault, entry)) return;
    fault.protection = entry != 0;
  }
  const bool stray = !fault.user_mode && is_stray_access(frame.pc, fault.address);
  if (!stray && kernel::on_page_fault(frame, fault)) return;
  if (!fault.user_mode && !apply_fixup(frame)) kernel::on_fault(frame, kernel_page_fault_name(fault));
}

bool is_page_fault(Exception exception) {
  return exception == Exception::InstructionPageFault || exception == Exception::LoadPageFault ||
         exception == Exception::StorePageFault;
}

// An instruction whose registers the thread did not have in the CPU: true if there is nothing more to do.
bool registers_first_use(TrapFrame& frame) {
  const Result<bool> vector = vector_first_use(frame);
  if (vector) return *vector || fpu_first_use(frame);
  // Linux sends the same (arch/riscv/kernel/vector.c).
  interrupts_enable();
  kernel::on_user_exception(frame, {kSigBus, kFromKernel, 0});
  interrupts_disable();
  return true;
}

void handle_exception(TrapFrame& frame, Exception exception) {
  const bool page = is_page_fault(exception);
  if (!page && !frame.from_user()) {
    if (!apply_fixup(frame)) kernel::on_fault(frame, exception_name(exception));
    return;
  }
  if (exception == Exception::IllegalInstruction && registers_first_use(frame)) return;
  if ((frame.status & TrapFrame::kInterruptBefore) != 0) interrupts_enable();
  if (page) {
    page_fault(frame, exception);
  } else {
    kernel::on_user_exception(frame, user_exception(frame, exception));
  }
  interrupts_disable();
}

}  // namespace

extern "C" void hal_riscv_trap(TrapFrame& frame) {
  if ((frame.cause & kCauseIsInterrupt) != 0) {
    interrupt(frame, static_cast<InterruptCause>(frame.cause & ~kCauseIsInterrupt));
  } else {
    handle_exception(frame, static_cast<Exception>(frame.cause));
  }
}

extern "C" void hal_riscv_stack_overflow(TrapFrame& frame) { kernel::on_fault(frame, "kernel stack overflow"); }

}  // namespace hal::arch

namespace hal {

void return_to_user() { arch::hal_riscv_return_to_user(); }

}  // namespace hal
