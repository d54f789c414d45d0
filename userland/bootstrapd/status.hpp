// What bootstrapd tells about itself: lines of the system's log, and kStatus, which the ajdrv command reads.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace bootstrap {

// A line on standard error, which init has made the system's log.
void say(const std::string& text);

// Written anew, as a whole, at each change.
class Status {
 public:
  void set(const char* name, nlohmann::json value);
  // What is known of one device: the recommendation and what became of it.
  void set_driver(const std::string& slot, const nlohmann::json& what);
  // Before the store's new advice: what is known of the old is forgotten, what was loaded is not.
  void forget_advice();

 private:
  void write() const;
  nlohmann::json all_ = {{"state", "starting"}, {"drivers", nlohmann::json::object()}};
};

}  // namespace bootstrap
