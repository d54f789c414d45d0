// SysRq: commands to a kernel whose programs do not answer any more.
//
// A break on the console and a key within five seconds, or a key written to /proc/sysrq-trigger. Commands that must
// work when nothing else does run at once, in the interrupt; the others in a thread of their own. `sysrq=0` on the
// command line makes the console's keys ordinary input; the file stays. Commands are added during initialization, and
// live as long as the kernel.
#pragma once

#include "kernel/lib/list.hpp"
#include "kernel/lib/types.hpp"

namespace diag {

struct SysrqCommand : lib::ListNode {
  SysrqCommand(char key, const char* does, bool at_once, void (*run)())
      : key(key), does(does), at_once(at_once), run(run) {}
  char key;
  const char* does;  // for the list of commands: "reboot at once"
  bool at_once;      // any context, locks held by anybody
  void (*run)();
};

// During initialization, before other CPUs or interrupts can ask.
void add_sysrq_command(SysrqCommand& command);
void set_sysrq_enabled(bool enabled);
// Who runs what does not run at once: `wake` is called in any context, and a thread then runs what is asked for.
void set_sysrq_thread(void (*wake)());
bool is_sysrq_asked();
void run_asked_sysrq();

// The console had a break. Interrupt context.
void sysrq_attention();
// True if this byte of the console was the key after a break, and not input. Interrupt context.
bool sysrq_takes(char byte);

// Runs a command, or has it run soon; an unknown key shows the list. Any context.
void sysrq(char key);

}  // namespace diag
