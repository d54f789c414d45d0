#include "userland/bootstrapd/installer.hpp"

#include <cerrno>
#include <chrono>

#include "kernel/lib/ajdrv/format.h"
#include "userland/shared/package_file.hpp"

namespace bootstrap {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// "nvme 1.0.0 62% of 40 KiB, 410 KiB/s", at most twice a second and once at the end.
class ProgressLine {
 public:
  explicit ProgressLine(std::string title) : title_(std::move(title)) {}
  void operator()(size_t done, size_t all) {
    const auto now = Clock::now();
    if (all == 0 || (done < all && now - shown_ < Seconds(0.5))) return;
    shown_ = now;
    const double seconds = Seconds(now - began_).count();
    const auto rate = static_cast<size_t>(static_cast<double>(done) / 1024 / (seconds > 0.001 ? seconds : 0.001));
    say(title_ + " " + std::to_string(done * 100 / all) + "% of " + std::to_string((all + 1023) / 1024) + " KiB, " +
        std::to_string(rate) + " KiB/s");
  }

 private:
  const std::string title_;
  const Clock::time_point began_ = Clock::now();
  Clock::time_point shown_ = began_;
};

}  // namespace

void Installer::load_kept() {
  for (const KeptPackage& kept : kept_packages()) {
    status_.set_driver(kept.slot,
                       {{"name", kept.name}, {"version", kept.version}, {"why", "Kept from an earlier time."}});
    const auto running = loaded_.find(kept.slot);
    if (running == loaded_.end()) {
      finish(kept.slot, kept.digest, offer_package(kept.slot, kept.digest));
    } else {
      status_.set_driver(kept.slot, {{"digest", running->second}, {"is_loaded", true}, {"result", "loaded"}});
    }
  }
}

bool Installer::take(StoreClient& store, const json& driver) {
  const std::string slot = driver.at("slot"), name = driver.at("name"), version = driver.at("version");
  const std::string action = driver.at("action"), why = driver.at("why").at("text");
  const std::string digest = driver.at("digest").get<std::string>().substr(7);
  const size_t size = driver.at("size");
  if (!shared::slot_is_sound(slot) || !shared::from_hex(digest, 32) || size > AJDRV_MAX_SIZE)
    throw StoreError("a recommendation is not well formed");
  const std::string title = name + " " + version;
  // Queued work for a device that is in use tells nothing of what drives it.
  if (action != "install" || !loaded_.contains(slot))
    status_.set_driver(slot, {{"name", name}, {"version", version}, {"why", why}, {"action", action}});
  say(slot + ": " + title + ", " + action + ": " + why);
  // Work may ask for what is there already.
  if (action == "keep" || (action == "install" && is_loaded(slot, digest))) return keep(slot, digest);
  if (action != "install" && action != "update") throw StoreError("a recommendation has an action that is unknown");
  if (!is_kept(digest) && !fetch(store, slot, title, digest, size)) return false;
  if (action == "update") {
    // Its device is in use: a disk may be mounted on it.
    status_.set_driver(slot, {{"result", "fetched, takes over at the next start"}});
    return remember(slot, digest);
  }
  const shared::LoadAnswer result = offer_package(slot, digest);
  finish(slot, digest, result);
  // Only now: what brings the machine down is not tried again at each start.
  if (result.error == 0) remember(slot, digest);
  store.report(slot, digest, result.error == 0 ? "loaded" : "init_failed", result.error);
  return result.error == 0;
}

bool Installer::remember(const std::string& slot, const std::string& digest) {
  if (!remember_package(slot, digest)) throw StoreError(std::string(kPackages) + " cannot be written");
  return true;
}

bool Installer::is_loaded(const std::string& slot, const std::string& digest) const {
  const auto running = loaded_.find(slot);
  return running != loaded_.end() && running->second == digest;
}

// An update that waited for the next start may have been called off.
bool Installer::keep(const std::string& slot, const std::string& digest) {
  if (!is_loaded(slot, digest)) return true;
  status_.set_driver(slot, {{"result", "loaded"}});
  return remember(slot, digest);
}

bool Installer::fetch(StoreClient& store, const std::string& slot, const std::string& title, const std::string& digest,
                      size_t size) {
  const std::string bytes = store.download(digest, size, ProgressLine(title));
  if (const std::string refusal = judge_package(bytes); !refusal.empty()) {
    finish(slot, digest, {EPERM, refusal});
    store.report(slot, digest, "refused", EPERM);
    return false;
  }
  if (!keep_package(digest, bytes)) throw StoreError(std::string(kPackages) + " cannot be written");
  say(title + ": signatures verified");
  return true;
}

void Installer::finish(const std::string& slot, const std::string& digest, const shared::LoadAnswer& result) {
  const bool is_loaded = result.error == 0;
  say(slot + ": " + digest.substr(0, 12) + ": " + (is_loaded ? "loaded" : "refused: " + result.sentence));
  if (!is_loaded && loaded_.contains(slot)) return;  // what drives the device goes on
  status_.set_driver(
      slot,
      {{"result", is_loaded ? "loaded" : "refused: " + result.sentence}, {"is_loaded", is_loaded}, {"digest", digest}});
  if (!is_loaded) return;
  loaded_[slot] = digest;
  if (!note_loaded(slot, digest)) say(slot + ": cannot be noted as loaded");
}

}  // namespace bootstrap
