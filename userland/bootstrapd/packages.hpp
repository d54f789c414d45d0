// Packages on this machine: kept under their digest in kPackages, whole or not at all, and handed to driverd. Which
// device a kept one is for is a file SLOT.slot beside it; which are loaded now is in kLoaded, which a restart empties.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "userland/shared/driver_socket.hpp"

namespace bootstrap {

struct KeptPackage {
  std::string slot, digest, name, version;  // the last two empty where it cannot be verified
};

// Why a package is not to be trusted, by the format's library and kBundle; empty: it is.
std::string judge_package(const std::string& bytes);
// These write a file as a whole or not at all. False: errno says why.
bool keep_package(const std::string& digest, const std::string& bytes);
bool remember_package(const std::string& slot, const std::string& digest);
bool note_loaded(const std::string& slot, const std::string& digest);
// Removes packages that are for no device any more.
void drop_unused_packages();
bool is_kept(const std::string& digest);
std::vector<KeptPackage> kept_packages();
// {slot: digest}
std::map<std::string, std::string> loaded_packages();
// Waits until driverd takes requests, at most some seconds. False: it does not.
bool wait_for_driverd();
// Opens the kept package, verifies it, and has driverd load it. An answer with an error where any of it fails.
shared::LoadAnswer offer_package(const std::string& slot, const std::string& digest);

}  // namespace bootstrap
