// The store as a machine sees it: enrol, ask, download, report. What it answers is believed only as far as it is signed
// (recommendations) or named by its hash (packages); neither makes anything run.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

#include "userland/bootstrapd/config.hpp"
#include "userland/bootstrapd/http_client.hpp"
#include "userland/shared/sodium_crypto.hpp"

namespace bootstrap {

// The store answered, but not with what was asked for.
class StoreError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class StoreClient {
 public:
  // The device's key is read from kStateFolder, or made there the first time. StoreError.
  explicit StoreClient(const Config& config);
  const std::string& machine_id() const { return id_; }

  // HttpError, StoreError.
  void enrol(const std::string& arch);
  nlohmann::json sync(const nlohmann::json& manifest);
  std::string download(const std::string& digest, size_t size, const std::function<void(size_t, size_t)>& progress);
  // Whether work waits there; what it is comes with the next sync, signed.
  bool has_work();
  void acknowledge(const std::string& work, bool is_done);
  void report(const std::string& slot, const std::string& digest, const std::string& event, int code);

 private:
  HttpAnswer signed_call(const std::string& method, const std::string& path, const nlohmann::json& body);
  void check_answer(const HttpAnswer& answer) const;

  const Config& config_;
  const shared::SecretKey key_;
  const std::string id_;
};

}  // namespace bootstrap
