// A small package with sound structure and signatures, and a bundle that trusts it. Keys are made of one byte each.
#pragma once

#include "kernel/lib/ajdrv/policy.h"
#include "userland/ajdrv/writer.hpp"

namespace sample {

inline tools::Key key(std::uint8_t byte) {
  tools::Key seed;
  seed.fill(byte);
  return seed;
}
inline const tools::Key kRoot = key(1), kPublisher = key(2), kStore = key(3), kStranger = key(4);

inline tools::PackageParts parts() {
  tools::PackageParts parts;
  parts.name = "sample";
  parts.version = 1ull << 48;
  parts.lineage = tools::default_lineage(parts.name);
  parts.code = tools::Bytes(40, 0x55);
  parts.matches = {"pci:v1234d5678", "of:acme,thing"};
  parts.meta["license"] = "MIT OR (Apache-2.0 AND BSD-3-Clause)";
  return parts;
}

inline tools::Bytes signed_by(const tools::Bytes& body, const tools::Key& publisher, const tools::Key& store) {
  const tools::Bytes half = tools::with_signature(body, body.size(), AJDRV_ROLE_PUB, publisher);
  return tools::with_signature(half, body.size(), AJDRV_ROLE_STO, store);
}
inline tools::Bytes package() { return signed_by(tools::make_package(parts()), kPublisher, kStore); }

inline tools::BundleParts bundle_parts() {
  tools::BundleParts parts;
  parts.roots = {tools::public_key_of(kRoot)};
  parts.keys = {{tools::public_key_of(kPublisher), 1, 7, 127}, {tools::public_key_of(kStore), 2, 7, 127}};
  return parts;
}
inline tools::Bytes bundle(const tools::BundleParts& parts = bundle_parts()) {
  const tools::Bytes body = tools::make_bundle(parts);
  return tools::with_signature(body, body.size(), AJDRV_ROLE_ROOT, kRoot);
}

// What a kernel with that bundle says to the file, up to the code.
inline ajdrv_error_t judge(const tools::Bytes& file, const tools::Bytes& bundle_bytes) {
  ajdrv_package_t package;
  ajdrv_bundle_t bundle;
  std::uint8_t hash[AJDRV_HASH_SIZE];
  if (ajdrv_bundle_parse(bundle_bytes.data(), bundle_bytes.size(), &bundle) != AJDRV_OK) return AJDRV_E_BUNDLE_FORMAT;
  const ajdrv_error_t error = ajdrv_parse(file.data(), file.size(), &package);
  return error != AJDRV_OK ? error
                           : ajdrv_verify(&package, &bundle, AJDRV_PLACE_KERNEL, &shared::sodium_crypto(), hash);
}
inline ajdrv_error_t judge(const tools::Bytes& file) { return judge(file, bundle()); }

}  // namespace sample
