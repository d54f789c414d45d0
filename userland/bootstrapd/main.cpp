// bootstrapd: asks the store for drivers. An ordinary program of an ordinary user: it has the network and no rights;
// what it fetches, driverd loads and the kernel verifies. Nothing waits for it.
#include <curl/curl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "userland/bootstrapd/devices.hpp"
#include "userland/bootstrapd/installer.hpp"

namespace bootstrap {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double kBasePause = 1, kLongestPause = 900, kWorkPause = 30;
constexpr unsigned kMostDoublings = 10;
constexpr int64_t kLeastNextSync = 30, kMostNextSync = 86400;

// Sleeps; true where SIGUSR1 (ajdrv sync) ended it.
bool pause_for(double seconds) {
  seconds = std::max(seconds, 0.0);
  sigset_t early;
  sigemptyset(&early);
  sigaddset(&early, SIGUSR1);
  const timespec time = {static_cast<time_t>(seconds),
                         static_cast<long>((seconds - static_cast<double>(static_cast<time_t>(seconds))) * 1e9)};
  return sigtimedwait(&early, nullptr, &time) == SIGUSR1;
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
  Daemon() : config_(load_config()), installer_(status_) { status_.set("store", config_.store); }

  void load_kept() {
    if (!wait_for_driverd()) say("driverd does not answer: nothing can be loaded");
    installer_.load_kept();
  }

  [[noreturn]] void run() {
    if (config_.store.empty()) {
      say("no store is configured");
      status_.set("state", "no store");
      for (;;) pause_for(kMostNextSync);
    }
    for (unsigned failures = 0;;) {
      try {
        const double next = ask();
        failures = 0;
        wait_for_work(next);
      } catch (const std::exception& error) {
        const double wait = backoff(failures++);
        char text[32];
        std::snprintf(text, sizeof text, "; again in %.1f s", wait);
        say("store " + config_.store + ": " + error.what() + text);
        status_.set("problem", error.what());
        status_.set("state", "retrying");
        pause_for(wait);
      }
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
    const json answer = store.sync(make_manifest(installer_.loaded()));
    const json& drivers = answer.at("drivers");
    status_.set("state", "following the store's advice");
    status_.forget_advice();
    status_.set("engine", answer.at("engine"));
    status_.set("without_driver", answer.value("none", json::array()));
    status_.set("apps", answer.value("apps", json::array()));
    say(std::to_string(drivers.size()) + " recommendations, ranking engine " +
        std::to_string(answer["engine"].value("version", 0)) + ", no LLM");
    for (const json& driver : drivers) installer_.take(store, driver);
    for (const json& work : answer.value("work", json::array())) do_work(store, work);
    drop_unused_packages();
    status_.set("problem", nullptr);
    status_.set("state", "up to date");
    return static_cast<double>(std::clamp(answer.value("next_sync_s", int64_t{900}), kLeastNextSync, kMostNextSync));
  }

  void do_work(StoreClient& store, const json& work) {
    const std::string id = work.at("id"), kind = work.at("kind");
    say("work " + id + ": " + kind);
    // To look again is what the round that brought this has just done.
    const bool is_done =
        kind == "rescan" || (kind == "install" && work.contains("driver") && installer_.take(store, work["driver"]));
    store.acknowledge(id, is_done);
  }

  // Until it is time to ask again, the store has work, or somebody wants it now. What goes wrong meanwhile, the next
  // round will find and tell.
  void wait_for_work(double seconds) {
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
    while (Clock::now() < end) {
      if (pause_for(std::min(kWorkPause, Seconds(end - Clock::now()).count()))) return;
      if (Clock::now() < end && StoreClient(config_).has_work()) return;
    }
  }

  const Config config_;
  Status status_;
  Installer installer_;
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
