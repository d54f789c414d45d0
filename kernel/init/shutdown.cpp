#include "kernel/syscall/shutdown.hpp"

#include "fs/vfs/mount.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/power.hpp"
#include "hal/smp.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"

namespace kernel {

void shut_down(Shutdown how) {
  if (const Status synced = vfs::sync_all(); !synced) {
    LOG_ERROR("shutdown", "not everything could be written out (error %d)", static_cast<int>(synced.error()));
  }
  run_shutdown(the_kernel());
  LOG_NOTICE("shutdown", how == Shutdown::Reboot ? "restarting" : (how == Shutdown::Halt ? "halted" : "power off"));
  hal::interrupts_disable();
  for (u32 cpu = 0; cpu < hal_cpu_count(); ++cpu) {
    if (cpu != hal::current_cpu()->id) hal::send_ipi(cpu, hal::Ipi::Stop);
  }
  switch (how) {
    case Shutdown::PowerOff: hal::power_off();
    case Shutdown::Reboot: hal::reboot();
    case Shutdown::Halt: hal::halt_forever();
  }
  __builtin_unreachable();
}

}  // namespace kernel
