// Starts services in their order, keeps them running, and stops them in reverse.
//
// Everything happens in one thread: run() waits for signals, and the ends of children arrive as one of them.
#pragma once

#include <map>

#include "userland/init/service.hpp"

namespace init {

enum class Ending { PowerOff, Halt, Reboot };

class Supervisor {
 public:
  explicit Supervisor(std::vector<Description> services);
  // Until somebody asks for the end of the system: SIGUSR2 power off, SIGUSR1 halt, SIGTERM and SIGINT (Ctrl-Alt-Del)
  // reboot, as busybox's poweroff, halt and reboot send them.
  Ending run();
  // Asks each service to end, the last one first, and makes it end where it does not.
  void stop_all();

 private:
  using Clock = std::chrono::steady_clock;
  struct Service {
    Description description;
    pid_t pid = 0;  // 0: it does not run
    bool was_started = false;
    bool is_done = false;  // a task that has ended
    Clock::time_point started;
    Clock::time_point start_again;  // not before
    std::chrono::milliseconds pause{0};
  };
  void start_ready();
  bool is_ready(const Service& service) const;
  void start(Service& service);
  void reap();
  void ended(Service& service, int status);
  std::chrono::milliseconds until_next_start() const;
  bool wait_for_end(const Service& service, std::chrono::milliseconds patience);

  std::vector<Service> services_;
  bool login_was_started_ = false;
};

}  // namespace init
