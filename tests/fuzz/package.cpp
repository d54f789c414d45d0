// Any bytes as a package: read, judged and loaded as the kernel does it, and shown as the tools do.
//
// The first byte of an input says how to treat the rest: with its lowest bit the header's total size is put right, so
// that inputs whose length changed get further than that.
#include "kernel/lib/ajdrv/policy.h"
#include "tests/fuzz/crypto.hpp"
#include "tests/fuzz/load.hpp"
#include "tests/unit/ajdrv/sample.hpp"

namespace {

const tools::Bytes& trust() {
  static const tools::Bytes bytes = sample::bundle();
  return bytes;
}

void look_at_all(const ajdrv_package_t& package) {
  size_t length = std::strlen(package.name);
  for (const char* key : {"license", "desc", "url"}) {
    if (const char* value = ajdrv_meta(&package, key)) length += std::strlen(value);
  }
  const ajdrv_section_t* dependencies = ajdrv_section(&package, AJDRV_SECTION_DEPS);
  for (uint32_t i = 0; dependencies != nullptr && i < dependencies->count; ++i) {
    length += std::strlen(ajdrv_dependency(&package, i).name);
  }
  const ajdrv_section_t* matches = ajdrv_section(&package, AJDRV_SECTION_MATCH);
  const ajdrv_section_t* strings = ajdrv_section(&package, AJDRV_SECTION_STR);
  for (uint32_t i = 0; i < matches->count; ++i) {
    const uint8_t* record = ajdrv_contents(&package, matches) + i * AJDRV_MATCH_SIZE;
    length += tools::match_text(record, strings == nullptr ? nullptr : ajdrv_contents(&package, strings)).size();
  }
  if (length > AJDRV_MAX_SIZE * 8ull) std::abort();
}

void judge(const ajdrv_package_t& package) {
  ajdrv_bundle_t bundle;
  if (ajdrv_bundle_parse(trust().data(), trust().size(), &bundle) != AJDRV_OK) std::abort();
  const ajdrv_host_t host = {
      .arch = package.arch, .abi_minor = {0, 0, 1}, .os_version = 1 << 8, .has_isolated_hosts = false};
  uint8_t hash[AJDRV_HASH_SIZE];
  if (ajdrv_verify(&package, nullptr, AJDRV_PLACE_KERNEL, &fuzz::kCrypto, hash) == AJDRV_OK) std::abort();
  if (ajdrv_verify(&package, &bundle, AJDRV_PLACE_KERNEL, &fuzz::kCrypto, hash) != AJDRV_OK) return;
  if (ajdrv_policy_check(&package, &bundle, &host, AJDRV_PLACE_KERNEL, {0, 0}) != AJDRV_OK) return;
  const ajdrv_section_t* code = ajdrv_section(&package, AJDRV_SECTION_CODE);
  fuzz::load_code(ajdrv_contents(&package, code), code->size, package.arch, package.abi_major);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // In memory of its own: a read beyond its end is seen.
  tools::Bytes file(data + 1, data + size);
  if ((data[0] & 1) != 0 && file.size() >= AJDRV_HEADER_SIZE) ajdrv_store(&file[AJDRV_AT_TOTAL_SIZE], 8, file.size());
  ajdrv_package_t package;
  if (ajdrv_parse(file.data(), file.size(), &package) != AJDRV_OK) return 0;
  look_at_all(package);
  judge(package);
  return 0;
}
