// Packages and trust bundles, put together. The same input gives the same bytes. Throws Failure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernel/lib/ajdrv/statement.h"
#include "userland/ajdrv/match_text.hpp"

namespace tools {

struct Dependency {
  Bytes lineage;
  std::string name;
  std::uint64_t min_version = 0;
};

struct PackageParts {
  std::string name;
  std::uint16_t arch = 0, category = 6, abi_major = 2, abi_minor = 0;
  std::uint32_t flags = 0, caps = 0, epoch = 0, min_os = 0;
  std::uint64_t version = 0, build_time = 0;
  Bytes lineage;  // 16 bytes
  Bytes code;
  std::vector<std::string> matches;
  std::map<std::string, std::string> meta;
  std::vector<Dependency> dependencies;
  Bytes provenance;
  unsigned signatures = 2;  // how many the finished file will have
};

// The signed part, without signatures.
Bytes make_package(const PackageParts& parts);
// The lineage of a driver that was given none: the beginning of SHA-256("HALY/lineage/v1\0" name).
Bytes default_lineage(const std::string& name);

// Adds a signature to a file of which the first `signed_size` bytes are signed; what is signed stays as it is. Replaces
// one by the same key.
Bytes with_signature(const Bytes& file, std::uint64_t signed_size, ajdrv_role_t role, const Key& seed);

struct TrustedKey {
  Key key{};
  std::uint8_t roles = 0, arches = 7, categories = 127;
  std::uint8_t lineage_bits = 0;  // so many of the lineage's first bits must be as in `lineage`
  Bytes lineage = {};             // 16 bytes, or none
};
// What a category needs; the members are as in kernel/lib/ajdrv/bundle.h.
struct Policy {
  std::uint8_t category = 0, places = 1, kernel_pub = 1, kernel_sto = 1, kernel_qa = 0, isolated_any = 1;
  std::uint32_t caps = 255;
};
struct Floor {
  Bytes lineage;  // 16 bytes
  std::uint64_t version = 0;
  std::uint32_t epoch = 0;
};
struct BundleParts {
  std::uint64_t version = 1, valid_from = 0, expires = 0;
  bool for_development = false;
  unsigned root_threshold = 1;
  std::vector<Key> roots;
  std::vector<TrustedKey> keys;
  std::vector<Policy> policies;
  std::vector<Bytes> revoked_keys, revoked_packages;  // 32 bytes each
  std::vector<Floor> floors;
};
Bytes make_bundle(const BundleParts& parts);

}  // namespace tools
