// Any bytes as a trust bundle: read, asked everything that it can be asked, and as the successor of a sound one.
//
// The first byte of an input: with its lowest bit the header's total size is put right.
#include "kernel/lib/ajdrv/policy.h"
#include "tests/fuzz/crypto.hpp"
#include "tests/fuzz/load.hpp"
#include "tests/unit/ajdrv/sample.hpp"

namespace {

struct Sound {
  tools::Bytes bundle_bytes = sample::bundle(), package_bytes = sample::package();
  ajdrv_bundle_t bundle;
  ajdrv_package_t package;
  Sound() {
    if (ajdrv_bundle_parse(bundle_bytes.data(), bundle_bytes.size(), &bundle) != AJDRV_OK ||
        ajdrv_parse(package_bytes.data(), package_bytes.size(), &package) != AJDRV_OK) {
      std::abort();
    }
  }
};

void ask_all(const ajdrv_bundle_t& bundle, const Sound& sound) {
  for (uint32_t category = 0; category < AJDRV_CATEGORY_COUNT; ++category) {
    const ajdrv_policy_t policy = ajdrv_bundle_policy(&bundle, category);
    // Whatever a bundle says, nothing gets in that nobody signed.
    if (policy.kernel_pub == 0 || policy.kernel_sto == 0 || policy.isolated_any == 0) std::abort();
  }
  ajdrv_bundle_floor(&bundle, sound.package.lineage);
  uint8_t hash[AJDRV_HASH_SIZE];
  for (const ajdrv_place_t place : {AJDRV_PLACE_KERNEL, AJDRV_PLACE_ISOLATED}) {
    ajdrv_verify(&sound.package, &bundle, place, &fuzz::kCrypto, hash);
  }
  const ajdrv_host_t host = {.arch = 0, .abi_minor = {0, 0, 1}, .os_version = 1 << 8, .has_isolated_hosts = true};
  ajdrv_policy_check(&sound.package, &bundle, &host, AJDRV_PLACE_KERNEL, {0, 0});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Sound sound;
  if (size == 0) return 0;
  tools::Bytes file(data + 1, data + size);
  if ((data[0] & 1) != 0 && file.size() >= AJDRV_BUNDLE_HEADER_SIZE) ajdrv_store(&file[8], 4, file.size());
  ajdrv_bundle_t bundle;
  if (ajdrv_bundle_parse(file.data(), file.size(), &bundle) != AJDRV_OK) return 0;
  ask_all(bundle, sound);
  const bool follows = ajdrv_bundle_succeeds(&sound.bundle, &bundle, &fuzz::kCrypto) == AJDRV_OK;
  if (follows && bundle.version <= sound.bundle.version) std::abort();
  return 0;
}
