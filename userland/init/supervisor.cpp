#include "userland/init/supervisor.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include "userland/init/log.hpp"

namespace init {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// A service that ends sooner than this after its start is started again ever more slowly.
constexpr milliseconds kSettled = 2s, kFirstPause = 250ms, kLongestPause = 30s, kPatience = 3s;

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGUSR1, SIGUSR2, SIGTERM, SIGINT}) sigaddset(&set, signal);
  return set;
}

[[noreturn]] void fail_child(const char* what) {
  warn("%s: %s", what, std::strerror(errno));
  _exit(127);
}

void take_terminal(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_NOCTTY);
  if (fd < 0) fail_child(path.c_str());
  ioctl(fd, TIOCSCTTY, 0);
  for (const int standard : {0, 1, 2}) dup2(fd, standard);
  if (fd > 2) close(fd);
}

// Where a service's words go: /var/log/NAME.log, from its latest start on, or /dev/kmsg, which it could not open
// itself.
int open_log(const Description& service) {
  if (service.log == Log::System) return open("/dev/kmsg", O_WRONLY);
  return open(("/var/log/" + service.name + ".log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0640);
}

void leave_terminal(const Description& service) {
  const int nothing = open("/dev/null", O_RDONLY);
  const int log = open_log(service);
  dup2(nothing, 0);
  for (const int standard : {1, 2}) dup2(log >= 0 ? log : nothing, standard);
  if (nothing > 2) close(nothing);
  if (log > 2) close(log);
}

void become(const std::string& user) {
  const passwd* account = getpwnam(user.c_str());
  if (account == nullptr) fail_child(("user " + user).c_str());
  if (initgroups(user.c_str(), account->pw_gid) != 0 || setgid(account->pw_gid) != 0 || setuid(account->pw_uid) != 0) {
    fail_child(("user " + user).c_str());
  }
}

[[noreturn]] void execute(const Description& service) {
  setsid();
  if (service.terminal.empty()) {
    leave_terminal(service);
  } else {
    take_terminal(service.terminal);
  }
  if (!service.user.empty()) become(service.user);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> arguments;
  for (const std::string& word : service.exec) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  fail_child(arguments[0]);
}

std::string text_of(int status) {
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Supervisor::Supervisor(std::vector<Description> services) {
  for (Description& description : services) services_.emplace_back().description = std::move(description);
  const sigset_t set = awaited_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
}

Ending Supervisor::run() {
  const sigset_t set = awaited_signals();
  for (;;) {
    start_ready();
    const milliseconds pause = until_next_start();
    const timespec timeout = {.tv_sec = pause.count() / 1000, .tv_nsec = pause.count() % 1000 * 1'000'000};
    siginfo_t info;
    switch (sigtimedwait(&set, &info, &timeout)) {
      case SIGUSR2: return Ending::PowerOff;
      case SIGUSR1: return Ending::Halt;
      case SIGTERM:
      case SIGINT: return Ending::Reboot;
      default: reap();
    }
  }
}

bool Supervisor::is_ready(const Service& service) const {
  if (service.pid != 0 || service.is_done || Clock::now() < service.start_again) return false;
  return std::ranges::all_of(service.description.needs, [&](const std::string& need) {
    const auto found = std::ranges::find(services_, need, [](const Service& s) { return s.description.name; });
    return found->description.kind == Kind::Task ? found->is_done : found->was_started;
  });
}

void Supervisor::start_ready() {
  // In order, so that a daemon and what needs it can start in one round.
  for (Service& service : services_) {
    if (is_ready(service)) start(service);
  }
}

void Supervisor::start(Service& service) {
  service.started = Clock::now();
  service.was_started = true;
  if (!service.description.terminal.empty() && !std::exchange(login_was_started_, true)) stage_done("Starting login");
  const pid_t pid = fork();
  if (pid == 0) execute(service.description);
  if (pid < 0) {
    warn("service %s cannot start: %s", service.description.name.c_str(), std::strerror(errno));
    service.start_again = service.started + kLongestPause;
    return;
  }
  service.pid = pid;
}

// Also children of others that ended before them, which are init's now.
void Supervisor::reap() {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto found = std::ranges::find(services_, pid, &Service::pid);
    if (found != services_.end()) ended(*found, status);
  }
}

void Supervisor::ended(Service& service, int status) {
  service.pid = 0;
  if (service.is_done) return;  // it was told to
  const Description& description = service.description;
  const bool failed = status != 0;
  if (description.kind == Kind::Task || description.restart == Restart::Never ||
      (description.restart == Restart::OnFailure && !failed)) {
    service.is_done = true;
    if (failed) warn("%s %s", description.name.c_str(), text_of(status).c_str());
    return;
  }
  if (Clock::now() - service.started > kSettled) {
    service.pause = 0ms;
    return;
  }
  service.pause = std::clamp(service.pause * 2, kFirstPause, kLongestPause);
  service.start_again = Clock::now() + service.pause;
  warn("%s %s; again in %lld ms", description.name.c_str(), text_of(status).c_str(),
       static_cast<long long>(service.pause.count()));
}

milliseconds Supervisor::until_next_start() const {
  milliseconds shortest = 1h;
  for (const Service& service : services_) {
    if (service.pid != 0 || service.is_done || service.start_again == Clock::time_point()) continue;
    const auto left = std::chrono::duration_cast<milliseconds>(service.start_again - Clock::now());
    shortest = std::clamp(left, 1ms, shortest);
  }
  return shortest;
}

bool Supervisor::wait_for_end(const Service& service, milliseconds patience) {
  const sigset_t set = awaited_signals();
  const auto deadline = Clock::now() + patience;
  for (reap(); service.pid != 0; reap()) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (left <= 0ms) return false;
    const timespec timeout = {.tv_sec = left.count() / 1000, .tv_nsec = left.count() % 1000 * 1'000'000};
    sigtimedwait(&set, nullptr, &timeout);
  }
  return true;
}

void Supervisor::stop_all() {
  for (Service& service : services_) service.is_done = true;
  for (auto service = services_.rbegin(); service != services_.rend(); ++service) {
    if (service->pid == 0) continue;
    // To its whole session: a shell hears of SIGHUP and passes it on.
    kill(service->pid, SIGTERM);
    kill(service->pid, SIGHUP);
    kill(service->pid, SIGCONT);
    if (wait_for_end(*service, kPatience)) continue;
    warn("%s does not end: killing it", service->description.name.c_str());
    kill(-service->pid, SIGKILL);
    wait_for_end(*service, kPatience);
  }
}

}  // namespace init
