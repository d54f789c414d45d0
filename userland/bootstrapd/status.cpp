#include "userland/bootstrapd/status.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>

#include "userland/bootstrapd/config.hpp"

namespace bootstrap {

void say(const std::string& text) { std::cerr << "drivers: " << text << std::endl; }

void Status::set(const char* name, nlohmann::json value) {
  all_[name] = std::move(value);
  write();
}
void Status::set_driver(const std::string& slot, const nlohmann::json& what) {
  all_["drivers"][slot].update(what);
  write();
}
void Status::clear_drivers() { all_["drivers"] = nlohmann::json::object(); }

void Status::write() const {
  const std::string partial = std::string(kStatus) + ".partial";
  std::ofstream(partial) << all_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  std::rename(partial.c_str(), kStatus);
}

}  // namespace bootstrap
