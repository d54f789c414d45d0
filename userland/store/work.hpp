// Work that the store's administrator queues for one machine, or for all that are enrolled; it is delivered with the
// machine's next sync, until the machine acknowledges it.
#pragma once

#include "userland/store/catalog.hpp"

namespace store {

struct WorkOrder {
  std::string machine;  // its name, or "all"
  std::string kind;     // "rescan" or "install"
  std::string slot;     // install: the device,
  std::string digest;   // and the package, which the catalog must have
};

// How many machines got it. Problem: 404 for an unknown machine or package, 422 for anything else that is wrong.
int64_t queue_work(Database& database, const WorkOrder& order);

}  // namespace store
