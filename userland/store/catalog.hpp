// The packages that the store offers: what is in its folder, and an index in memory.
//
// A Catalog is an immutable snapshot: built from the database, shared by all requests, replaced as a whole. Every
// package in it was verified when it was read, again and not only when it was published.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "userland/shared/package_file.hpp"
#include "userland/store/database.hpp"

namespace store {

// The store's folder: store.db, blobs/sha256/DIGEST, trust.ajtb, director.key.
struct Folder {
  std::string path;
  std::string database() const { return path + "/store.db"; }
  std::string blob(const std::string& digest) const { return path + "/blobs/sha256/" + digest; }
  std::string bundle() const { return path + "/trust.ajtb"; }
  std::string director_key() const { return path + "/director.key"; }
};

class Catalog {
 public:
  // What cannot be read or verified any more is left out, with a line on standard error.
  static std::shared_ptr<const Catalog> load(Database& database, const Folder& folder);

  const std::vector<std::unique_ptr<shared::Package>>& packages() const { return packages_; }
  const shared::Package* find(const std::string& digest) const;
  int64_t version() const { return version_; }

 private:
  std::vector<std::unique_ptr<shared::Package>> packages_;
  int64_t version_ = 0;
};

// Verifies a package and adds it; machines that are known get work: "rescan". Publishing the same bytes again changes
// nothing. Problem: 422 with the format's error, 409 for other bytes of the same driver, version and architecture.
// Returns the digest.
std::string publish(Database& database, const Folder& folder, std::string bytes);
// Takes a package out of the catalog. 404.
void withdraw(Database& database, const std::string& digest);
// Grows with every change.
int64_t catalog_version(Database& database);

}  // namespace store
