// bootstrapd: asks the store for drivers. An ordinary program of an ordinary user: it has the network and no rights;
// what it fetches, driverd loads and the kernel verifies. Nothing waits for it.
#include <curl/curl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "userland/bootstrapd/devices.hpp"
#include "userland/bootstrapd/packages.hpp"
#include "userland/bootstrapd/status.hpp"
#include "userland/bootstrapd/store_client.hpp"

namespace bootstrap {
namespace {

using nlohmann::json;
using Seconds = std::chrono::duration<double>;

constexpr double kBasePause = 1, kLongestPause = 900;
constexpr unsigned kMostDoublings = 10;
constexpr int64_t kLeastNextSync = 30, kMostNextSync = 86400;

// Sleeps; SIGUSR1 (ajdrv sync) ends it early.
void pause_for(double seconds) {
  sigset_t early;
  sigemptyset(&early);
  sigaddset(&early, SIGUSR1);
  const timespec time = {static_cast<time_t>(seconds),
                         static_cast<long>((seconds - static_cast<double>(static_cast<time_t>(seconds))) * 1e9)};
  sigtimedwait(&early, nullptr, &time);
}

// Full jitter: anything up to a limit that doubles with each failure.
double backoff(unsigned failures) {
  static std::mt19937_64 random{std::random_device{}()};
  const double most =
      std::min(kLongestPause, kBasePause * static_cast<double>(1u << std::min(failures, kMostDoublings)));
  return std::uniform_real_distribution<double>(0.1, most)(random);
}

class Daemon {
 public:
  Daemon() : config_(load_config()) {}

  void load_kept() {
    for (const KeptPackage& kept : kept_packages())
      finish(kept.slot, kept.digest, offer_package(kept.slot, kept.digest));
  }

  [[noreturn]] void run() {
    if (config_.store.empty()) {
      say("no store is configured");
      status_.set("state", "no store");
      for (;;) pause_for(kMostNextSync);
    }
    for (unsigned failures = 0;;) {
      double wait = 0;
      try {
        wait = ask();
        failures = 0;
      } catch (const std::exception& error) {
        wait = backoff(failures++);
        char text[32];
        std::snprintf(text, sizeof text, "; again in %.1f s", wait);
        say(std::string("store ") + config_.store + ": " + error.what() + text);
        status_.set("state", "retrying");
        status_.set("problem", error.what());
      }
      pause_for(wait);
    }
  }

 private:
  // One round; seconds until the next.
  double ask() {
    StoreClient store(config_);
    if (!is_enrolled_) {
      store.enrol(machine_arch());
      say("enrolled at " + config_.store + " as " + store.machine_id());
      status_.set("machine_id", store.machine_id());
      is_enrolled_ = true;
    }
    const json answer = store.sync(make_manifest());
    const json& drivers = answer.at("drivers");
    status_.clear_drivers();
    status_.set("store", config_.store);
    status_.set("engine", answer.at("engine"));
    status_.set("without_driver", answer.value("none", json::array()));
    status_.set("apps", answer.value("apps", json::array()));
    say(std::to_string(drivers.size()) + " recommendations, ranking engine " +
        std::to_string(answer["engine"].value("version", 0)) + ", no LLM");
    for (const json& driver : drivers) take(store, driver);
    for (const json& work : answer.value("work", json::array())) store.acknowledge(work.at("id").get<std::string>());
    status_.set("problem", nullptr);
    status_.set("state", "up to date");
    return static_cast<double>(std::clamp(answer.value("next_sync_s", int64_t{900}), kLeastNextSync, kMostNextSync));
  }

  void take(StoreClient& store, const json& driver) {
    const std::string slot = driver.at("slot"), name = driver.at("name"), version = driver.at("version");
    const std::string digest = driver.at("digest").get<std::string>().substr(7);
    const size_t size = driver.at("size");
    if (!shared::slot_is_sound(slot) || !shared::from_hex(digest, 32) || size > (16u << 20))
      throw StoreError("a recommendation is not well formed");
    status_.set_driver(slot, {{"name", name},
                              {"version", version},
                              {"digest", digest},
                              {"why", driver.at("why").at("text")},
                              {"action", driver.at("action")}});
    say(slot + ": " + name + " " + version + ": " + driver["why"]["text"].get<std::string>());
    if (driver.at("action") != "install") return;
    if (!is_kept(digest) && !fetch(store, slot, name, digest, size)) return;
    const shared::LoadAnswer result = offer_package(slot, digest);
    finish(slot, digest, result);
    store.report(slot, digest, result.error == 0 ? "loaded" : "init_failed", result.error);
  }

  bool fetch(StoreClient& store, const std::string& slot, const std::string& name, const std::string& digest,
             size_t size) {
    auto shown = std::chrono::steady_clock::now();
    const std::string bytes = store.download(digest, size, [&](size_t done, size_t all) {
      const auto now = std::chrono::steady_clock::now();
      if (all == 0 || (done < all && now - shown < Seconds(0.5))) return;
      shown = now;
      say(name + " " + std::to_string(done * 100 / all) + "% of " + std::to_string(all / 1024) + " KiB");
    });
    if (const std::string refusal = judge_package(bytes); !refusal.empty()) {
      finish(slot, digest, {EPERM, refusal});
      store.report(slot, digest, "refused", EPERM);
      return false;
    }
    if (!keep_package(slot, digest, bytes)) throw StoreError(std::string(kPackages) + " cannot be written");
    return true;
  }

  void finish(const std::string& slot, const std::string& digest, const shared::LoadAnswer& result) {
    say(slot + ": " + digest.substr(0, 12) + ": " + (result.error == 0 ? "loaded" : "refused: " + result.sentence));
    status_.set_driver(slot, {{"result", result.sentence}, {"digest", digest}});
  }

  const Config config_;
  Status status_;
  bool is_enrolled_ = false;
};

}  // namespace
}  // namespace bootstrap

int main() {
  sigset_t early;
  sigemptyset(&early);
  sigaddset(&early, SIGUSR1);
  sigprocmask(SIG_BLOCK, &early, nullptr);
  if (!shared::start_crypto() || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 1;
  bootstrap::Daemon daemon;
  daemon.load_kept();
  daemon.run();
}
