// Which driver a device gets, and why: a fixed order without weights, so that an answer can be explained and repeated.
//
// Candidates are those that fit the machine's architecture and one of the device's ids. The first of these that tells
// two apart decides: more specific match; higher feature score; higher version; smaller lineage, so that the order is
// total. Pure functions.
#pragma once

#include "userland/store/catalog.hpp"
#include "userland/store/device_id.hpp"

namespace store {

struct Choice {
  const shared::Package* package = nullptr;
  Fit fit;
  std::string reason;  // one sentence
  std::vector<std::string> beaten;
};

// Nothing where no package fits.
std::optional<Choice> choose(const Catalog& catalog, uint16_t arch, const std::vector<DeviceId>& ids);

}  // namespace store
