// ajstore: the store's daemon and its administration.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <toml++/toml.h>
#include <CLI/CLI.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "userland/store/api.hpp"
#include "userland/store/error.hpp"
#include "userland/store/work.hpp"

namespace store {
namespace {

constexpr int kFailure = 1;

// Makes what is missing of a store's folder; what is there stays.
void init(const Folder& folder, const std::string& bundle, const std::string& director) {
  std::filesystem::create_directories(folder.path + "/blobs/sha256");
  Database(folder.database(), true);
  if (!bundle.empty())
    std::filesystem::copy_file(bundle, folder.bundle(), std::filesystem::copy_options::overwrite_existing);
  if (!director.empty() && access(folder.director_key().c_str(), F_OK) != 0) {
    const auto key = shared::SecretKey::load(director);
    if (!key || !key->save(folder.director_key())) throw std::runtime_error(director + " is not a private key");
  }
  if (access(folder.director_key().c_str(), F_OK) != 0 && !shared::SecretKey::generate().save(folder.director_key()))
    throw std::runtime_error(folder.director_key() + ": " + std::strerror(errno));
  std::cout << "store in " << folder.path << (bundle.empty() ? "; without a trust bundle it takes no package" : "")
            << std::endl;
}

void publish_file(const Folder& folder, const std::string& path) {
  auto bytes = shared::read_file(path, AJDRV_MAX_SIZE);
  if (!bytes) throw std::runtime_error(path + ": cannot be read, or is larger than 16 MiB");
  Database database(folder.database(), false);
  std::cout << "sha256:" << publish(database, folder, std::move(*bytes)) << " " << path << std::endl;
}

// DIR/store.toml: [enrolment] token = "...".
std::string enrolment_token(const Folder& folder) {
  const std::string path = folder.path + "/store.toml";
  if (!std::filesystem::exists(path)) return "";
  return toml::parse_file(path)["enrolment"]["token"].value_or(std::string());
}

void serve(const Folder& folder, const std::string& address, uint16_t port) {
  sigset_t endings;
  sigemptyset(&endings);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&endings, signal);
  sigprocmask(SIG_BLOCK, &endings, nullptr);
  signal(SIGPIPE, SIG_IGN);
  Api api(folder, enrolment_token(folder));
  const Server server(address, port, [&](const Request& request) { return api.handle(request); });
  std::cout << "listening on http://" << address << ":" << server.port() << std::endl;
  int received = 0;
  sigwait(&endings, &received);
}

void print_status(const Folder& folder) {
  Database database(folder.database(), false);
  auto packages = database.prepare("SELECT name, version, arch, digest FROM package WHERE withdrawn = 0 ORDER BY name");
  while (packages.step()) {
    std::cout << packages.text(0) << " " << shared::version_text(static_cast<uint64_t>(packages.number(1))) << " "
              << shared::arch_name(static_cast<uint16_t>(packages.number(2))) << " sha256:" << packages.text(3) << "\n";
  }
  auto machines = database.prepare("SELECT id, arch FROM machine ORDER BY id");
  int64_t count = 0;
  for (; machines.step(); ++count) std::cout << "machine " << machines.text(0) << " " << machines.text(1) << "\n";
  auto work = database.prepare("SELECT id, machine, kind, subject, state FROM work ORDER BY id DESC LIMIT 100");
  while (work.step()) {
    std::cout << "work w_" << work.number(0) << " " << work.text(1) << " " << work.text(2) << " " << work.text(3)
              << (work.text(3).empty() ? "" : " ") << work.text(4) << "\n";
  }
  std::cout << count << " machines, catalog version " << catalog_version(database) << std::endl;
}

int main(int count, char** words) {
  CLI::App app("Halyard's driver store");
  app.require_subcommand(1);
  Folder folder;
  std::string file, bundle, director, address = "127.0.0.1";
  uint16_t port = 0;
  const auto command = [&](const char* name, const char* help) {
    CLI::App* sub = app.add_subcommand(name, help);
    sub->add_option("DIR", folder.path, "the store's folder")->required();
    return sub;
  };
  CLI::App* const make = command("init", "make the folder, with a key for recommendations");
  make->add_option("--trust", bundle, "the trust bundle that packages are verified by")->check(CLI::ExistingFile);
  make->add_option("--director", director, "the key for recommendations; default: a new one");
  CLI::App* const add = command("publish", "verify a package and offer it");
  add->add_option("FILE", file, "the .ajdrv")->required();
  CLI::App* const remove = command("withdraw", "take a package out of the catalog");
  remove->add_option("DIGEST", file, "its SHA-256 in hex")->required();
  CLI::App* const run = command("serve", "answer requests until SIGTERM");
  run->add_option("--port", port, "default: a free one");
  run->add_option("--address", address, "IPv4, default: loopback");
  WorkOrder order;
  CLI::App* const work = command("queue", "queue work for a machine");
  work->add_option("MACHINE", order.machine, "its name, as status shows it, or all")->required();
  work->add_option("KIND", order.kind, "rescan: ask again now; install: load a package of the catalog")->required();
  work->add_option("--slot", order.slot, "install: the device");
  work->add_option("--digest", order.digest, "install: the package's SHA-256 in hex");
  CLI::App* const status = command("status", "packages, machines and their work");
  CLI11_PARSE(app, count, words);
  if (*make) init(folder, bundle, director);
  if (*add) publish_file(folder, file);
  if (*run) serve(folder, address, port);
  if (*status) print_status(folder);
  if (*work) {
    Database database(folder.database(), false);
    std::cout << "queued for " << queue_work(database, order) << " machines" << std::endl;
  }
  if (*remove) {
    Database database(folder.database(), false);
    withdraw(database, file);
  }
  return 0;
}

}  // namespace
}  // namespace store

int main(int count, char** words) {
  try {
    if (!shared::start_crypto()) throw std::runtime_error("there is no source of random numbers");
    return store::main(count, words);
  } catch (const std::exception& error) {
    std::cerr << "ajstore: " << error.what() << std::endl;
    return store::kFailure;
  }
}
