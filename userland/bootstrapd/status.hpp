// What bootstrapd tells about itself: lines on the console's log, and kStatus, which the ajdrv command reads.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace bootstrap {

// A line "drivers: ..." to the kernel's log where that may be written, else to standard error.
void say(const std::string& text);

// Written anew, as a whole, at each change.
class Status {
 public:
  void set(const char* name, nlohmann::json value);
  // What is known of one device: the recommendation and what became of it.
  void set_driver(const std::string& slot, const nlohmann::json& what);
  void clear_drivers();

 private:
  void write() const;
  nlohmann::json all_ = {{"state", "starting"}, {"drivers", nlohmann::json::object()}};
};

}  // namespace bootstrap
