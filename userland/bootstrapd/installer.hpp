// Takes what the store recommends as far as the kernel: fetches, verifies, keeps, and has driverd load it.
//
// Owned by the daemon's one thread. What was loaded in this run of the machine is remembered beyond the daemon's own
// life (loaded_packages()), so that a daemon that is started again does not load twice.
#pragma once

#include <map>
#include <string>

#include "userland/bootstrapd/packages.hpp"
#include "userland/bootstrapd/status.hpp"
#include "userland/bootstrapd/store_client.hpp"

namespace bootstrap {

class Installer {
 public:
  explicit Installer(Status& status) : status_(status), loaded_(loaded_packages()) {}

  // What is kept on this machine, without any store.
  void load_kept();
  // One recommendation. HttpError, StoreError, and what nlohmann throws where it is not well formed. False: the driver
  // that was to be loaded is not.
  bool take(StoreClient& store, const nlohmann::json& driver);
  // The digest of what drives a device, by its slot; only of what came from a store.
  const std::map<std::string, std::string>& loaded() const { return loaded_; }

 private:
  bool fetch(StoreClient& store, const std::string& slot, const std::string& title, const std::string& digest,
             size_t size);
  bool is_loaded(const std::string& slot, const std::string& digest) const;
  bool keep(const std::string& slot, const std::string& digest);
  bool remember(const std::string& slot, const std::string& digest);
  void finish(const std::string& slot, const std::string& digest, const shared::LoadAnswer& result);

  Status& status_;
  std::map<std::string, std::string> loaded_;
};

}  // namespace bootstrap
