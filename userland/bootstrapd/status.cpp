#include "userland/bootstrapd/status.hpp"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "userland/bootstrapd/config.hpp"

namespace bootstrap {

void say(const std::string& words) {
  // Some of the words are the store's: nothing in them may look like a record of its own.
  std::string text = words;
  for (char& c : text) c = static_cast<unsigned char>(c) < ' ' || c == 0x7f ? '?' : c;
  // One write is one record there; <6> is its level, information. A person's terminal needs no level.
  const std::string line = (isatty(STDERR_FILENO) ? "bootstrapd: " : "<6>bootstrapd: ") + text + "\n";
  static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
}

void Status::set(const char* name, nlohmann::json value) {
  all_[name] = std::move(value);
  write();
}
void Status::set_driver(const std::string& slot, const nlohmann::json& what) {
  all_["drivers"][slot].update(what);
  write();
}
void Status::forget_advice() {
  nlohmann::json kept = nlohmann::json::object();
  for (const auto& [slot, driver] : all_["drivers"].items()) {
    if (!driver.value("is_loaded", false)) continue;
    kept[slot] = driver;
    kept[slot]["action"] = "keep";
    kept[slot]["why"] = "The store offers no driver for this device any more.";
  }
  all_["drivers"] = std::move(kept);
}

void Status::write() const {
  const std::string partial = std::string(kStatus) + ".partial";
  std::ofstream(partial) << all_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  std::rename(partial.c_str(), kStatus);
}

}  // namespace bootstrap
