// The one door upwards: what an architecture calls in the kernel. It knows nothing else of it.
#pragma once

#include "hal/boot_info.hpp"
#include "hal/smp.hpp"
#include "hal/trap.hpp"
#include "kernel/lib/types.hpp"

namespace kernel {

// The boot CPU, after the boot code: paging on with the kernel image (W^X) and the direct map of all RAM, the boot
// anchors current, hal_cpu_init() done, interrupts off, the early console usable.
[[noreturn]] void kernel_main(const hal::BootInfo& boot);

// Another CPU, initialized as hal::start_cpu() says.
[[noreturn]] void secondary_main();

// A system call: number and arguments are in the frame; puts the result there. Interrupts on.
void on_syscall(hal::TrapFrame& frame);

struct PageFault {
  VirtAddr address = 0;
  bool write = false;
  bool execute = false;
  bool user_mode = false;   // the access was made in user mode, not by the kernel on a program's behalf
  bool protection = false;  // an entry was present and forbade it
};
// True when the access may be tried again (user mode: or a signal was made pending). False: the kernel made the access;
// the architecture takes the fix-up of the faulting instruction, or calls on_fault() where there is none. Interrupts as
// at the fault.
bool on_page_fault(hal::TrapFrame& frame, const PageFault& fault);

// An exception of a user program that becomes a signal.
struct UserException {
  int signal = 0;        // Linux number: SIGILL 4, SIGTRAP 5, SIGBUS 7, SIGFPE 8, SIGSEGV 11
  int code = 0;          // si_code
  VirtAddr address = 0;  // si_addr
};
void on_user_exception(hal::TrapFrame& frame, const UserException& exception);

// The kernel itself is broken: prints registers and stacks, stops all CPUs. `what` names the exception.
[[noreturn]] void on_fault(hal::TrapFrame& frame, const char* what);

// All interrupt upcalls: interrupts off, CpuAnchor::interrupt_depth counted up by the architecture.
void on_interrupt(u32 irq);
void on_tick(const hal::TrapFrame& frame);
void on_ipi(hal::Ipi kind);
// A non-maskable interrupt: the lockup detector's question, where the machine can ask it.
void on_nmi(hal::TrapFrame& frame);

// Before an interrupt returns to kernel code that has preempt_count 0 and Reschedule set. Interrupts off.
void on_kernel_preempt();

// Before user mode is entered with ThreadWork bits set; repeated until none is. Entered and left with interrupts off.
void on_return_to_user(hal::TrapFrame& frame);

}  // namespace kernel
