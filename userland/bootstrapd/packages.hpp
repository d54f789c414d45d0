// Packages on this machine: kept under their digest in kPackages, whole or not at all, and handed to driverd.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "userland/shared/driver_socket.hpp"

namespace bootstrap {

struct KeptPackage {
  std::string slot, digest;
};

// Why a package is not to be trusted, by the format's library and kBundle; empty: it is.
std::string judge_package(const std::string& bytes);
// Writes it and remembers the slot. False: errno says why.
bool keep_package(const std::string& slot, const std::string& digest, const std::string& bytes);
bool is_kept(const std::string& digest);
std::vector<KeptPackage> kept_packages();
// Opens the kept package, verifies it, and has driverd load it. An answer with an error where any of it fails.
shared::LoadAnswer offer_package(const std::string& slot, const std::string& digest);

}  // namespace bootstrap
