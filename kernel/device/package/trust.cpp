#include "kernel/device/package/trust.hpp"

#include <cstring>

#include "kernel/device/package/crypto.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/lib/vector.hpp"

// Made by scripts/build; empty where there are no keys.
extern "C" const u8 trust_bundle_start[];
extern "C" const u8 trust_bundle_end[];

namespace device {
namespace {

ajdrv_bundle_t g_bundle;
bool g_has_bundle = false;

struct Seen {
  u8 lineage[AJDRV_LINEAGE_SIZE];
  ajdrv_floor_t floor;
};
lib::Vector<Seen> g_seen;  // the package registry's lock guards it

Seen* find_seen(const u8* lineage) {
  for (Seen& seen : g_seen) {
    if (std::memcmp(seen.lineage, lineage, sizeof(seen.lineage)) == 0) return &seen;
  }
  return nullptr;
}

class TrustSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "trust"; }
  void on_early_init(kernel::Kernel&) override {
    const usize size = static_cast<usize>(trust_bundle_end - trust_bundle_start);
    if (size == 0) {
      LOG_WARNING("package", "no trust bundle: all driver packages will be refused");
      return;
    }
    if (ajdrv_bundle_parse(trust_bundle_start, size, &g_bundle) != AJDRV_OK ||
        !ajdrv_bundle_is_signed(&g_bundle, &g_bundle, &kCrypto)) {
      LOG_ERROR("package", "the trust bundle does not hold: all driver packages will be refused");
      return;
    }
    g_has_bundle = true;
    const bool development = (g_bundle.flags & AJDRV_BUNDLE_FOR_DEVELOPMENT) != 0;
    LOG_INFO("package", "trust bundle %lu%s", g_bundle.version, development ? ", made for development" : "");
  }
};
REGISTER_SUBSYSTEM(TrustSubsystem);

}  // namespace

const ajdrv_bundle_t* trust_bundle() { return g_has_bundle ? &g_bundle : nullptr; }

ajdrv_floor_t seen_of(const u8* lineage) {
  const Seen* seen = find_seen(lineage);
  return seen == nullptr ? ajdrv_floor_t{0, 0} : seen->floor;
}

Status note_seen(const u8* lineage, ajdrv_floor_t floor) {
  Seen* seen = find_seen(lineage);
  if (seen == nullptr) {
    Seen fresh{};
    std::memcpy(fresh.lineage, lineage, sizeof(fresh.lineage));
    TRY(g_seen.push(fresh));
    seen = &g_seen.back();
  }
  seen->floor.version = floor.version > seen->floor.version ? floor.version : seen->floor.version;
  seen->floor.epoch = floor.epoch > seen->floor.epoch ? floor.epoch : seen->floor.epoch;
  return {};
}

}  // namespace device
