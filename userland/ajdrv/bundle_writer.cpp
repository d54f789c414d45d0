#include <algorithm>

#include "kernel/lib/ajdrv/bundle.h"
#include "kernel/lib/ajdrv/bytes.h"
#include "userland/ajdrv/writer.hpp"

namespace tools {
namespace {

void put_count(Bytes& file, ajdrv_table_t table, std::size_t count) { ajdrv_store(&file[0x30 + 2 * table], 2, count); }

void append_keys(Bytes& file, const std::vector<TrustedKey>& keys) {
  for (const TrustedKey& key : keys) {
    Bytes record(64);
    record[0] = 1;
    record[1] = key.roles, record[2] = key.arches, record[3] = key.categories;
    record[4] = key.lineage_bits;
    std::copy(key.key.begin(), key.key.end(), record.begin() + 8);
    std::copy(key.lineage.begin(), key.lineage.end(), record.begin() + 40);
    file.insert(file.end(), record.begin(), record.end());
  }
}

void append_policies(Bytes& file, const std::vector<Policy>& policies) {
  for (const Policy& policy : policies) {
    Bytes record(16);
    record[0] = policy.category, record[1] = policy.places;
    record[2] = policy.kernel_pub, record[3] = policy.kernel_sto, record[4] = policy.kernel_qa;
    record[5] = policy.isolated_any;
    ajdrv_store(&record[8], 4, policy.caps);
    file.insert(file.end(), record.begin(), record.end());
  }
}

void append_floors(Bytes& file, const std::vector<Floor>& floors) {
  for (const Floor& floor : floors) {
    Bytes record(32);
    std::copy(floor.lineage.begin(), floor.lineage.end(), record.begin());
    ajdrv_store(&record[16], 8, floor.version);
    ajdrv_store(&record[24], 4, floor.epoch);
    file.insert(file.end(), record.begin(), record.end());
  }
}

}  // namespace

Bytes make_bundle(const BundleParts& parts) {
  Bytes file(AJDRV_BUNDLE_HEADER_SIZE);
  std::vector<Key> roots = parts.roots;
  std::sort(roots.begin(), roots.end());
  for (const Key& root : roots) file.insert(file.end(), root.begin(), root.end());
  append_keys(file, parts.keys);
  append_policies(file, parts.policies);
  for (const Bytes& key : parts.revoked_keys) file.insert(file.end(), key.begin(), key.end());
  for (const Bytes& package : parts.revoked_packages) file.insert(file.end(), package.begin(), package.end());
  append_floors(file, parts.floors);
  file.resize(ajdrv_align(file.size()));
  ajdrv_store(&file[0], 4, AJDRV_BUNDLE_MAGIC);
  ajdrv_store(&file[4], 2, AJDRV_BUNDLE_MAJOR);
  ajdrv_store(&file[8], 4, file.size() + AJDRV_SIGNATURE_HEADER_SIZE + roots.size() * AJDRV_SIGNATURE_SIZE);
  ajdrv_store(&file[12], 4, file.size());
  ajdrv_store(&file[0x10], 8, parts.version);
  ajdrv_store(&file[0x18], 8, parts.valid_from);
  ajdrv_store(&file[0x20], 8, parts.expires);
  ajdrv_store(&file[0x28], 4, parts.for_development ? AJDRV_BUNDLE_FOR_DEVELOPMENT : 0);
  ajdrv_store(&file[0x2c], 2, parts.root_threshold);
  put_count(file, AJDRV_TABLE_ROOTS, roots.size());
  put_count(file, AJDRV_TABLE_KEYS, parts.keys.size());
  put_count(file, AJDRV_TABLE_POLICIES, parts.policies.size());
  put_count(file, AJDRV_TABLE_REVOKED_KEYS, parts.revoked_keys.size());
  put_count(file, AJDRV_TABLE_REVOKED_PACKAGES, parts.revoked_packages.size());
  put_count(file, AJDRV_TABLE_FLOORS, parts.floors.size());
  return file;
}

}  // namespace tools
