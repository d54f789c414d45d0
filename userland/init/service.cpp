#include "userland/init/service.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "userland/init/log.hpp"

namespace init {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> words(const std::string& text, const char* separators) {
  std::vector<std::string> found;
  for (size_t at = 0; (at = text.find_first_not_of(separators, at)) != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(separators, at), text.size());
    found.push_back(text.substr(at, end - at));
    at = end;
  }
  return found;
}

// False: the key is unknown, or the value is not one of its values.
bool apply(Description& service, const std::string& key, const std::string& value) {
  static const std::map<std::string, Restart> kRestarts = {
      {"always", Restart::Always}, {"failure", Restart::OnFailure}, {"never", Restart::Never}};
  static const std::map<std::string, Kind> kKinds = {{"daemon", Kind::Daemon}, {"task", Kind::Task}};
  static const std::map<std::string, Log> kLogs = {{"file", Log::File}, {"system", Log::System}};
  if (key == "exec")
    service.exec = words(value, " \t");
  else if (key == "needs")
    service.needs = words(value, ", \t");
  else if (key == "terminal")
    service.terminal = value;
  else if (key == "user")
    service.user = value;
  else if (key == "when")
    service.when = value;
  else if (key == "restart" && kRestarts.contains(value))
    service.restart = kRestarts.at(value);
  else if (key == "kind" && kKinds.contains(value))
    service.kind = kKinds.at(value);
  else if (key == "log" && kLogs.contains(value))
    service.log = kLogs.at(value);
  else
    return false;
  return !value.empty();
}

// Depth-first over what each needs; 1 while on the way, 2 when in the order.
class Sorter {
 public:
  explicit Sorter(std::map<std::string, Description>& all) : all_(all) {}

  bool visit(const std::string& name) {
    const auto found = all_.find(name);
    if (found == all_.end()) return false;
    int& mark = marks_[name];
    if (mark != 0) return mark == 2;
    mark = 1;
    for (const std::string& need : found->second.needs) {
      if (visit(need)) continue;
      warn("service %s is left out: it needs %s, which is unknown, left out or needs it in turn", name.c_str(),
           need.c_str());
      mark = 3;
      return false;
    }
    mark = 2;
    order_.push_back(found->second);
    return true;
  }
  std::vector<Description> order() && { return std::move(order_); }

 private:
  std::map<std::string, Description>& all_;
  std::map<std::string, int> marks_;
  std::vector<Description> order_;
};

// The device behind a terminal's name: /dev/console and /dev/tty1 may be one. 0: there is none.
unsigned device_of(const std::string& path) {
  constexpr unsigned kGetDevice = 0x80045432;  // TIOCGDEV
  const int fd = open(path.c_str(), O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  unsigned device = 0;
  if (fd < 0) return 0;
  if (ioctl(fd, static_cast<int>(kGetDevice), &device) != 0) device = 0;
  close(fd);
  return device;
}

// Leaves out what is not for this machine, and all but the first of several services on one terminal.
void leave_out_unwanted(std::map<std::string, Description>& all) {
  std::set<unsigned> terminals;
  std::erase_if(all, [&](const auto& entry) {
    const Description& service = entry.second;
    if (!service.when.empty() && access(service.when.c_str(), F_OK) != 0) return true;
    if (service.terminal.empty()) return false;
    const unsigned device = device_of(service.terminal);
    return device != 0 && !terminals.insert(device).second;
  });
}

}  // namespace

std::optional<Description> parse_service(const std::string& name, const std::string& text, std::string& problem) {
  Description service;
  service.name = name;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const size_t equals = line.find('=');
    if (equals == std::string::npos ||
        !apply(service, trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)))) {
      problem = "line " + std::to_string(number) + " is not understood: " + line;
      return std::nullopt;
    }
  }
  if (service.exec.empty()) {
    problem = "it has no exec line";
    return std::nullopt;
  }
  if (service.kind == Kind::Task) service.restart = Restart::Never;
  return service;
}

std::vector<Description> load_services(const char* folder) {
  std::map<std::string, Description> all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::string name = entry.path().filename();
    std::string problem;
    if (auto service = parse_service(name, text, problem)) {
      all[name] = std::move(*service);
    } else {
      warn("%s: %s; the service is left out", entry.path().c_str(), problem.c_str());
    }
  }
  if (error) warn("%s: %s: no services", folder, error.message().c_str());
  leave_out_unwanted(all);
  Sorter sorter(all);
  for (const auto& [name, service] : all) sorter.visit(name);
  return std::move(sorter).order();
}

}  // namespace init
