#include "userland/store/catalog.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "userland/store/error.hpp"

namespace store {
namespace {

constexpr int64_t kBlobMode = 0644;

std::string bundle_of(const Folder& folder) {
  return shared::read_file(folder.bundle(), AJDRV_BUNDLE_MAX_SIZE).value_or("");
}

// Complete under its name, or not there at all.
void write_blob(const Folder& folder, const std::string& digest, const std::string& bytes) {
  const std::string target = folder.blob(digest), partial = target + ".partial";
  const int file = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kBlobMode);
  bool done = file >= 0 && write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  done = file >= 0 && fsync(file) == 0 && done;
  if (file >= 0) close(file);
  if (!done || std::rename(partial.c_str(), target.c_str()) != 0) {
    unlink(partial.c_str());
    throw Problem(507, "no_space", "The package cannot be written to the store's folder.");
  }
}

void note_change(Database& database, const std::string& subject) {
  database.prepare("INSERT INTO setting VALUES ('catalog', '1') ON CONFLICT (name) DO UPDATE SET value = value + 1")
      .run();
  // One of a kind is enough for a machine that has not come for it yet.
  (database.prepare("INSERT INTO work (machine, kind, subject) SELECT id, 'rescan', ? FROM machine WHERE NOT EXISTS "
                    "(SELECT 1 FROM work WHERE work.machine = machine.id AND kind = 'rescan' AND state = 'queued')")
   << subject)
      .run();
}

void check_collision(Database& database, const shared::Package& package) {
  const ajdrv_package_t& contents = package.contents();
  auto found =
      database.prepare("SELECT 1 FROM package WHERE lineage = ? AND version = ? AND arch = ? AND withdrawn = 0");
  found << package.lineage() << static_cast<int64_t>(contents.version) << static_cast<int64_t>(contents.arch);
  if (found.step())
    throw Problem(409, "version_exists", "This driver's version is published for this architecture with other bytes.");
}

void insert(Database& database, const shared::Package& package) {
  const ajdrv_package_t& contents = package.contents();
  auto row = database.prepare(
      "INSERT OR REPLACE INTO package (digest, name, lineage, arch, category, version, epoch, flags, size) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  row << package.digest() << contents.name << package.lineage() << static_cast<int64_t>(contents.arch)
      << static_cast<int64_t>(contents.category) << static_cast<int64_t>(contents.version)
      << static_cast<int64_t>(contents.epoch) << static_cast<int64_t>(contents.flags)
      << static_cast<int64_t>(contents.total_size);
  row.run();
}

bool is_offered(Database& database, const std::string& digest) {
  auto found = database.prepare("SELECT 1 FROM package WHERE digest = ? AND withdrawn = 0");
  found << digest;
  return found.step();
}

}  // namespace

std::shared_ptr<const Catalog> Catalog::load(Database& database, const Folder& folder) {
  auto catalog = std::make_shared<Catalog>();
  catalog->version_ = catalog_version(database);
  const std::string bundle = bundle_of(folder);
  auto rows = database.prepare("SELECT digest FROM package WHERE withdrawn = 0 ORDER BY digest");
  while (rows.step()) {
    const std::string digest = rows.text(0);
    auto bytes = shared::read_file(folder.blob(digest), AJDRV_MAX_SIZE);
    shared::Refusal refusal;
    auto package = bytes ? shared::Package::verified(std::move(*bytes), bundle, refusal) : nullptr;
    if (package && package->digest() == digest) {
      catalog->packages_.push_back(std::move(package));
    } else {
      std::cerr << "left out of the catalog: " << digest << ": "
                << (refusal.code == AJDRV_OK ? "the file is missing or changed" : refusal.text()) << std::endl;
    }
  }
  return catalog;
}

const shared::Package* Catalog::find(const std::string& digest) const {
  const auto found = std::ranges::find(packages_, digest, [](const auto& package) { return package->digest(); });
  return found == packages_.end() ? nullptr : found->get();
}

std::string publish(Database& database, const Folder& folder, std::string bytes) {
  shared::Refusal refusal;
  const auto package = shared::Package::verified(std::move(bytes), bundle_of(folder), refusal);
  if (!package) throw Problem(422, "package_refused", refusal.text());
  const std::string digest = package->digest();
  Transaction transaction(database);
  if (is_offered(database, digest)) return digest;
  check_collision(database, *package);
  write_blob(folder, digest, package->bytes());
  insert(database, *package);
  note_change(database, digest);
  transaction.commit();
  return digest;
}

void withdraw(Database& database, const std::string& digest) {
  Transaction transaction(database);
  (database.prepare("UPDATE package SET withdrawn = 1 WHERE digest = ? AND withdrawn = 0") << digest).run();
  if (database.changes() == 0) throw Problem(404, "no_such_package", "The catalog has no such package.");
  note_change(database, digest);
  transaction.commit();
}

int64_t catalog_version(Database& database) {
  auto row = database.prepare("SELECT value FROM setting WHERE name = 'catalog'");
  return row.step() ? row.number(0) : 0;
}

}  // namespace store
