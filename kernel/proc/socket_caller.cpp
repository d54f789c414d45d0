// What sockets ask about the process that calls them.

#include "kernel/lib/subsystem.hpp"
#include "kernel/proc/process.hpp"
#include "net/socket/caller.hpp"

namespace proc {
namespace {

vfs::Path root_of_caller() { return current_thread().directories->root(); }
vfs::Path current_of_caller() { return current_thread().directories->current(); }

net::Caller caller() {
  Thread& self = current_thread();
  return {self.credentials, self.process->pid, self.directories->umask(), root_of_caller, current_of_caller};
}

class SocketCallerSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "socket-caller"; }
  void on_early_init(kernel::Kernel&) override { net::set_caller_source(caller); }
};
REGISTER_SUBSYSTEM(SocketCallerSubsystem);

}  // namespace
}  // namespace proc
