// Process 1: mounts what programs expect, moves to the root disk if there is one, runs the services, and ends the
// system in order.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "userland/init/log.hpp"
#include "userland/init/mounts.hpp"
#include "userland/init/supervisor.hpp"

namespace init {
namespace {

constexpr const char* kServices = "/etc/services.d";

void set_environment() {
  setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
  setenv("HOME", "/", 1);
  if (std::getenv("TERM") == nullptr) setenv("TERM", "linux", 1);
}

void set_host_name() {
  std::ifstream file("/etc/hostname");
  std::string name;
  if (file >> name && sethostname(name.c_str(), name.size()) != 0) warn("the host name cannot be set");
}

// 127.0.0.1 works before any service.
void start_loopback() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  if (ioctl(socket, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) == 0) {
    request.ifr_flags |= IFF_UP;
    ioctl(socket, SIOCSIFFLAGS, &request);
  }
  close(socket);
}

// The console belongs to the system again: /etc/login/begin kept the log off it while somebody worked there.
void show_log_again() {
  constexpr int kConsoleLevel = 8, kAllButDebugging = 7;
  if (has_kernel_word("quiet") || !kernel_option("loglevel").empty()) return;
  klogctl(kConsoleLevel, nullptr, kAllButDebugging);
}

// Whatever still runs, in two steps.
void end_all_processes() {
  for (const int signal : {SIGTERM, SIGKILL}) {
    if (kill(-1, signal) != 0) return;
    kill(-1, SIGCONT);
    const int patience_ms = signal == SIGTERM ? 2000 : 1000;
    for (int waited = 0; waited < patience_ms; waited += 10) {
      while (waitpid(-1, nullptr, WNOHANG) > 0) {}
      if (kill(-1, 0) != 0) return;  // nobody is left
      usleep(10'000);
    }
  }
}

[[noreturn]] void end_system(Ending ending) {
  const char* const name = ending == Ending::PowerOff ? "power off" : ending == Ending::Halt ? "halt" : "reboot";
  say("%s: all services are stopped", name);
  end_all_processes();
  unmount_all();
  say("%s", name);
  switch (ending) {
    case Ending::PowerOff: reboot(RB_POWER_OFF); break;
    case Ending::Halt: reboot(RB_HALT_SYSTEM); break;
    case Ending::Reboot: reboot(RB_AUTOBOOT); break;
  }
  for (;;) pause();
}

int run() {
  if (getpid() != 1) {
    std::fprintf(stderr,
                 "init: this is the first process of the system and cannot be started by hand.\n"
                 "Use poweroff, reboot or halt to end the system.\n");
    return 1;
  }
  set_environment();
  mount_system();
  say("Halyard is up");
  switch_to_root_disk();
  make_root_writable();
  set_host_name();
  start_loopback();
  reboot(RB_DISABLE_CAD);  // Ctrl-Alt-Del comes here as SIGINT
  Supervisor supervisor(load_services(kServices));
  const Ending ending = supervisor.run();
  show_log_again();
  supervisor.stop_all();
  end_system(ending);
}

}  // namespace
}  // namespace init

int main() { return init::run(); }
