// The end: subsystems stop in reverse order, file systems are written out, the machine goes off.
#pragma once

namespace kernel {

enum class Shutdown { PowerOff, Reboot, Halt };
// In a thread that may sleep.
[[noreturn]] void shut_down(Shutdown how);

}  // namespace kernel
