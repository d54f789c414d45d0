// The HTTP interface, version 1: what each path answers.
//
// An Api is shared by the server's threads. `lock_` guards the database's one connection and the nonces; the catalog is
// an immutable snapshot that is replaced when the database says that it changed.
#pragma once

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "userland/store/catalog.hpp"
#include "userland/store/http.hpp"
#include "userland/store/manifest.hpp"

namespace store {

class Api {
 public:
  // DatabaseError; std::runtime_error where the folder lacks its key. `token`: what a machine must say to enrol; empty:
  // anyone may.
  Api(Folder folder, std::string token);
  Response handle(const Request& request);

 private:
  using json = nlohmann::json;
  Response info();
  Response enrol(const Request& request, const std::string& id);
  Response put_manifest(const Request& request, const std::string& id);
  Response sync(const Request& request, const std::string& id);
  Response work(const Request& request, const std::string& id);
  Response acknowledge(const Request& request, const std::string& id, const std::string& item);
  Response reports(const Request& request, const std::string& id);
  Response catalog(const Request& request);
  Response blob(const Request& request, const std::string& digest);
  // The seed's paths.
  Response driver_of(const Request& request, const std::string& vendor, const std::string& device,
                     const std::string& arch);
  Response alias(const Request& request, const std::string& path);

  // The machine that signed the request. Problem 401 and 403.
  void authenticate(const Request& request, const std::string& id);
  void check_nonce(const std::string& id, const std::string& nonce, int64_t now);
  std::shared_ptr<const Catalog> current();
  json recommend(const Catalog& catalog, const Manifest& manifest) const;
  json queued_work(const std::string& id);
  Response signed_answer(const json& body) const;

  const Folder folder_;
  const std::string token_;
  const shared::SecretKey director_;
  std::mutex lock_;
  Database database_;
  std::shared_ptr<const Catalog> catalog_;
  std::map<std::string, int64_t> nonces_;  // with the time when they may be forgotten
};

}  // namespace store
