// Exceptions: who caused them, and which upcall answers.
#include "arch/x86_64/trap.hpp"

#include "arch/x86_64/fpu.hpp"
#include "arch/x86_64/gdt.hpp"
#include "arch/x86_64/idt.hpp"
#include "arch/x86_64/instructions.hpp"
#include "hal/cpu.hpp"
#include "hal/kernel_fault.hpp"
#include "hal/layout.hpp"
#include "hal/upcalls.hpp"
#include "kernel/lib/format.hpp"

namespace hal::arch {

static_assert(offsetof(TrapFrame, origin) == FRAME_ORIGIN && offsetof(TrapFrame, r15) == FRAME_R15);
static_assert(offsetof(TrapFrame, rbx) == FRAME_RBX && offsetof(TrapFrame, rax) == FRAME_RAX);
static_assert(offsetof(TrapFrame, r10) == FRAME_R10 && offsetof(TrapFrame, rdi) == FRAME_RDI);
static_assert(offsetof(TrapFrame, orig_rax) == FRAME_ORIG_RAX && offsetof(TrapFrame, rip) == FRAME_RIP);
static_assert(offsetof(TrapFrame, cs) == FRAME_CS && offsetof(TrapFrame, rsp) == FRAME_RSP);
static_assert(sizeof(TrapFrame) == FRAME_SIZE && TrapFrame::kFastReturn == FRAME_FAST_RETURN);
static_assert(kThreadWorkOffset == THREAD_WORK && kThreadKernelStackOffset == THREAD_KERNEL_STACK);
static_assert(kCpuKernelStackOffset == CPU_KERNEL_STACK && kCpuScratchOffset == CPU_SCRATCH);
static_assert(TrapFrame::kUserCode == SELECTOR_USER_CODE && TrapFrame::kUserData == SELECTOR_USER_DATA);

namespace {

// Linux's numbers.
constexpr int kSigIll = 4, kSigTrap = 5, kSigBus = 7, kSigFpe = 8, kSigSegv = 11;
constexpr int kCodeKernel = 0x80;
constexpr int kIllegalOperand = 2, kTrapTrace = 2, kTrapHardware = 4, kBusAlignment = 1, kFpeIntegerDivide = 1;

// Intel SDM vol. 3A, figure 5-12.
constexpr u16 kFaultProtection = 1 << 0, kFaultWrite = 1 << 1, kFaultUser = 1 << 2, kFaultFetch = 1 << 4;

constexpr u64 kDr6SingleStep = 1 << 14;

u64 take_debug_status() {
  u64 status;
  asm volatile("movq %%dr6, %0" : "=r"(status));
  asm volatile("movq %0, %%dr6" : : "r"(u64{0xffff'0ff0}));  // sticky otherwise; the value after reset
  return status;
}

const char* exception_name(u8 vector) {
  switch (static_cast<Exception>(vector)) {
    case Exception::DivideError: return "divide error";
    case Exception::Debug: return "debug exception";
    case Exception::Breakpoint: return "breakpoint";
    case Exception::Overflow: return "overflow";
    case Exception::BoundRange: return "bound range exceeded";
    case Exception::InvalidOpcode: return "invalid instruction";
    case Exception::DeviceNotAvailable: return "floating point in the kernel";
    case Exception::DoubleFault: return "double fault";
    case Exception::InvalidTss: return "invalid TSS";
    case Exception::SegmentNotPresent: return "segment not present";
    case Exception::StackFault: return "stack segment fault";
    case Exception::GeneralProtection: return "general protection fault";
    case Exception::PageFault: return "page fault";
    case Exception::FloatingPoint: return "floating point error";
    case Exception::AlignmentCheck: return "alignment check";
    case Exception::MachineCheck: return "machine check";
    case Exception::SimdFloatingPoint: return "SIMD floating point error";
    default: return "unknown exception";
  }
}

kernel::UserException user_exception(const TrapFrame& frame) {
  switch (static_cast<Exception>(frame.vector())) {
    case Exception::DivideError: return {kSigFpe, kFpeIntegerDivide, frame.rip};
    case Exception::Debug:
      return {kSigTrap, (take_debug_status() & kDr6SingleStep) != 0 ? kTrapTrace : kTrapHardware, frame.rip};
    case Exception::Breakpoint: return {kSigTrap, kCodeKernel, 0};
    case Exception::InvalidOpcode: return {kSigIll, kIllegalOperand, frame.rip};
    case Exception::SegmentNotPresent:
    case Exception::StackFault: return {kSigBus, kCodeKernel, 0};
    case Exception::FloatingPoint: return {kSigFpe, fpu_exception_code(false), frame.rip};
    case Exception::SimdFloatingPoint: return {kSigFpe, fpu_exception_code(true), frame.rip};
    case Exception::AlignmentCheck: return {kSigBus, kBusAlignment, frame.rip};
    default: return {kSigSegv, kCodeKernel, 0};
  }
}

// Continues a fault of kernel code at its fix-up. False where the instruction has none.
bool apply_fixup(TrapFrame& frame) {
  const VirtAddr target = fixup_of(frame.rip);
  if (target != 0) frame.rip = target;
  return target != 0;
}

void page_fault(TrapFrame& frame, VirtAddr address) {
  const u16 error = frame.error_code();
  const kernel::PageFault fault{
      .address = address,
      .write = (error & kFaultWrite) != 0,
      .execute = (error & kFaultFetch) != 0,
      .user_mode = (error & kFaultUser) != 0,
      .protection = (error & kFaultProtection) != 0,
  };
  const bool stray = !fault.user_mode && is_stray_access(frame.rip, address);
  if (!stray && kernel::on_page_fault(frame, fault)) return;
  if (!fault.user_mode && !apply_fixup(frame)) kernel::on_fault(frame, kernel_page_fault_name(fault));
}

void kernel_exception(TrapFrame& frame) {
  const auto exception = static_cast<Exception>(frame.vector());
  // A single step that began in user mode and ended after the entry to the kernel: not ours to report.
  if (exception == Exception::Debug && (take_debug_status() & kDr6SingleStep) != 0) {
    frame.rflags &= ~TrapFrame::kFlagTrap;
    return;
  }
  if (!apply_fixup(frame)) kernel::on_fault(frame, exception_name(frame.vector()));
}

// A stack that ran over into its guard page: the page fault could not push its frame there and became a double fault.
bool is_stack_overflow(VirtAddr address, VirtAddr stack_pointer) {
  const bool in_guard = (address & kKernelStackSize) != 0;
  const VirtAddr distance = address > stack_pointer ? address - stack_pointer : stack_pointer - address;
  return in_guard && address >= kVmallocBase && distance < 2 * kPageSize;
}

}  // namespace

extern "C" void hal_x86_exception(TrapFrame& frame) {
  // CR2 and the debug registers are read before anything else can fault.
  const VirtAddr address = read_cr2();
  const auto exception = static_cast<Exception>(frame.vector());
  if (exception == Exception::DeviceNotAvailable && frame.from_user()) {
    fpu_first_use();
    return;
  }
  const bool is_page_fault = exception == Exception::PageFault;
  if (!is_page_fault && !frame.from_user()) {
    kernel_exception(frame);
    return;
  }
  const kernel::UserException user = is_page_fault ? kernel::UserException{} : user_exception(frame);
  if ((frame.rflags & TrapFrame::kFlagInterrupt) != 0) interrupts_enable();
  if (is_page_fault) {
    page_fault(frame, address);
  } else {
    kernel::on_user_exception(frame, user);
  }
  interrupts_disable();
}

extern "C" void hal_x86_paranoid_trap(TrapFrame& frame) {
  const auto exception = static_cast<Exception>(frame.vector());
  if (exception == Exception::Nmi) {
    CpuAnchor* cpu = current_cpu();
    ++cpu->interrupt_depth;
    if (cpu_local_of(*cpu)->stop_requested.load(std::memory_order_acquire)) kernel::on_ipi(Ipi::Stop);
    kernel::on_nmi(frame);
    --cpu->interrupt_depth;
    return;
  }
  if (exception == Exception::Debug) {
    kernel_exception(frame);
    return;
  }
  const bool overflow = exception == Exception::DoubleFault && is_stack_overflow(read_cr2(), frame.rsp);
  kernel::on_fault(frame, overflow ? "kernel stack overflow" : exception_name(frame.vector()));
}

extern "C" void hal_x86_return_work(TrapFrame& frame) { kernel::on_return_to_user(frame); }

extern "C" void hal_x86_bad_instruction_pointer(TrapFrame& frame) {
  interrupts_enable();
  kernel::on_user_exception(frame, {kSigSegv, kCodeKernel, 0});
  interrupts_disable();
}

void enable_syscalls() {
  constexpr u64 kSyscallEnable = 1 << 0;
  // IF, TF, DF, AC, NT, IOPL, RF: what the kernel must not inherit.
  constexpr u64 kMaskedFlags = 1 << 9 | 1 << 8 | 1 << 10 | 1 << 18 | 1 << 14 | 3 << 12 | 1 << 16;
  constexpr u64 kSysretBase = SELECTOR_USER_CODE - 16;
  write_msr(Msr::Efer, read_msr(Msr::Efer) | kSyscallEnable);
  write_msr(Msr::Star, kSysretBase << 48 | u64{SELECTOR_KERNEL_CODE} << 32);
  write_msr(Msr::LongStar, reinterpret_cast<u64>(hal_x86_syscall_entry));
  write_msr(Msr::SyscallMask, kMaskedFlags);
}

}  // namespace hal::arch

namespace hal {

void return_to_user() { arch::hal_x86_return_to_user(); }

usize registers_text(const TrapFrame& frame, char* buffer, usize capacity) {
  // format_into() ends with a NUL, which is not wanted: its place is lost.
  return lib::format_into(buffer, capacity,
                          "rip %016lx  cs %04lx  rflags %08lx  vector %u  error %#x\n"
                          "rsp %016lx  rbp %016lx  rax %016lx  rbx %016lx\n"
                          "rcx %016lx  rdx %016lx  rsi %016lx  rdi %016lx\n"
                          "r8  %016lx  r9  %016lx  r10 %016lx  r11 %016lx\n"
                          "r12 %016lx  r13 %016lx  r14 %016lx  r15 %016lx\n"
                          "cr0 %08lx  cr2 %016lx  cr3 %08lx  cr4 %08lx\n",
                          frame.rip, frame.cs, frame.rflags, unsigned{frame.vector()}, unsigned{frame.error_code()},
                          frame.rsp, frame.rbp, frame.rax, frame.rbx, frame.rcx, frame.rdx, frame.rsi, frame.rdi,
                          frame.r8, frame.r9, frame.r10, frame.r11, frame.r12, frame.r13, frame.r14, frame.r15,
                          arch::read_cr0(), arch::read_cr2(), arch::read_cr3(), arch::read_cr4());
}

}  // namespace hal
