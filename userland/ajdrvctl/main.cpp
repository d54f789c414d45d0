// ajdrv: what a person asks about drivers. Reads the daemons' state; `sync` asks bootstrapd to ask the store now.
#include <dirent.h>
#include <signal.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "userland/bootstrapd/config.hpp"
#include "userland/bootstrapd/packages.hpp"
#include "userland/shared/package_file.hpp"

namespace {

using nlohmann::json;

constexpr int kFailure = 1, kUsage = 2;

json state() {
  std::ifstream file(bootstrap::kStatus);
  json all = json::parse(file, nullptr, false);
  return all.is_object() ? all : json{{"state", "bootstrapd has not reported"}, {"drivers", json::object()}};
}

std::string text(const json& object, const char* name) {
  return object.contains(name) && object[name].is_string() ? object[name].get<std::string>() : "";
}

int print_status() {
  const json all = state();
  std::cout << "state: " << text(all, "state") << "\nstore: " << text(all, "store")
            << "\nmachine: " << text(all, "machine_id") << "\n";
  if (!text(all, "problem").empty()) std::cout << "problem: " << text(all, "problem") << "\n";
  std::cout << "drivers: " << all["drivers"].size() << "\n";
  for (const json& app : all.value("apps", json::array()))
    std::cout << "app: " << text(app, "name") << " " << text(app, "status") << "\n";
  return 0;
}

int print_list() {
  const json all = state();
  for (const auto& [slot, driver] : all["drivers"].items()) {
    std::cout << slot << " " << text(driver, "name") << " " << text(driver, "version") << " " << text(driver, "action")
              << " " << text(driver, "result") << "\n";
  }
  return 0;
}

int print_why(const std::string& slot) {
  const json all = state();
  if (all["drivers"].contains(slot)) {
    const json& driver = all["drivers"][slot];
    std::cout << slot << ": " << text(driver, "name") << " " << text(driver, "version") << "\n"
              << text(driver, "why") << "\n";
    if (!text(driver, "result").empty()) std::cout << "result: " << text(driver, "result") << "\n";
    return 0;
  }
  for (const json& device : all.value("without_driver", json::array())) {
    if (text(device, "slot") != slot) continue;
    std::cout << slot << ": the store has no driver that fits\n";
    return 0;
  }
  std::cerr << "ajdrv: nothing is known of " << slot << "\n";
  return kFailure;
}

int verify(const std::string& path) {
  const auto bytes = shared::read_file(path, AJDRV_MAX_SIZE);
  if (!bytes) {
    std::cerr << "ajdrv: " << path << " cannot be read, or is larger than 16 MiB\n";
    return kFailure;
  }
  const std::string refusal = bootstrap::judge_package(*bytes);
  std::cout << path << ": " << (refusal.empty() ? "accepted" : refusal) << "\n";
  return refusal.empty() ? 0 : kFailure;
}

pid_t find_daemon() {
  DIR* processes = opendir("/proc");
  pid_t found = 0;
  while (const dirent* entry = processes == nullptr ? nullptr : readdir(processes)) {
    const pid_t pid = std::atoi(entry->d_name);
    std::ifstream file(std::string("/proc/") + entry->d_name + "/cmdline");
    std::string name;
    if (pid > 0 && std::getline(file, name, '\0') && name == "/sbin/bootstrapd") found = pid;
  }
  if (processes != nullptr) closedir(processes);
  return found;
}

int ask_now() {
  const pid_t pid = find_daemon();
  if (pid != 0 && kill(pid, SIGUSR1) == 0) return 0;
  std::cerr << "ajdrv: " << (pid == 0 ? "bootstrapd does not run" : std::strerror(errno)) << "\n";
  return kFailure;
}

}  // namespace

int main(int count, char** words) {
  const std::string command = count > 1 ? words[1] : "";
  if (!shared::start_crypto()) return kFailure;
  if (command == "status" && count == 2) return print_status();
  if (command == "list" && count == 2) return print_list();
  if (command == "why" && count == 3) return print_why(words[2]);
  if (command == "verify" && count == 3) return verify(words[2]);
  if (command == "sync" && count == 2) return ask_now();
  std::cerr << "usage: ajdrv status | list | why DEVICE | verify FILE | sync\n";
  return kUsage;
}
