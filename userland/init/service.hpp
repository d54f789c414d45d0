// Services, as files under /etc/services.d describe them; the file's name is the service's.
//
//   # A comment.
//   exec = /sbin/getty -L 115200 console vt100      the program and its arguments; no shell is involved
//   needs = network, disks                          services that start (tasks: end) before this one
//   restart = always | failure | never              default: always; a task is never restarted
//   kind = daemon | task                            a task runs once, and those that need it wait for its end
//   terminal = /dev/console                         its controlling terminal; default: none, and what it says goes to
//                                                   /var/log/NAME.log
//   when = /dev/tty1                                left out without a word where there is no such file
//   log = system                                    what it says goes to the system's log (dmesg) instead
//   user = nobody                                   whom it runs as; default: root
//
// A file that cannot be understood is reported with its line and left out; the others run.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace init {

enum class Restart { Always, OnFailure, Never };
enum class Kind { Daemon, Task };
enum class Log { File, System };

struct Description {
  std::string name;
  std::vector<std::string> exec;
  std::vector<std::string> needs;
  Restart restart = Restart::Always;
  Kind kind = Kind::Daemon;
  Log log = Log::File;
  std::string terminal;
  std::string when;
  std::string user;
};

// The description in `text`; what is wrong with it goes to `problem` with the line.
std::optional<Description> parse_service(const std::string& name, const std::string& text, std::string& problem);

// All of a folder, ordered so that each comes after what it needs. What is not for this machine (when), and
// the second service on a terminal that has one, is left out. What needs something unknown, or itself in a circle,
// is reported and left out.
std::vector<Description> load_services(const char* folder);

}  // namespace init
