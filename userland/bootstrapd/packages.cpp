#include "userland/bootstrapd/packages.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>

#include "userland/bootstrapd/config.hpp"
#include "userland/shared/package_file.hpp"

namespace bootstrap {
namespace {

namespace files = std::filesystem;

std::string path_of(const std::string& digest) { return std::string(kPackages) + "/" + digest + ".ajdrv"; }
std::string link_of(const char* folder, const std::string& slot) { return std::string(folder) + "/" + slot + ".slot"; }

// {slot: digest} of a folder's links; what is no link, or damaged, is left out.
std::map<std::string, std::string> links_in(const char* folder) {
  std::map<std::string, std::string> links;
  std::error_code error;
  for (const auto& entry : files::directory_iterator(folder, error)) {
    const std::string slot = entry.path().stem();
    std::string digest;
    if (entry.path().extension() != ".slot" || !shared::slot_is_sound(slot)) continue;
    if (std::ifstream(entry.path()) >> digest && shared::from_hex(digest, 32)) links[slot] = digest;
  }
  return links;
}

bool write_whole(const std::string& path, const std::string& bytes) {
  const std::string partial = path + ".partial";
  const shared::Descriptor file(open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  return file && write(file.number(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
         fsync(file.number()) == 0 && std::rename(partial.c_str(), path.c_str()) == 0;
}

shared::Descriptor connect_to_driverd() {
  shared::Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, kDriverSocket, sizeof address.sun_path - 1);
  if (!socket || connect(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return shared::Descriptor();
  return socket;
}

}  // namespace

std::string judge_package(const std::string& bytes) {
  shared::Refusal refusal;
  const auto bundle = shared::read_file(kBundle, AJDRV_BUNDLE_MAX_SIZE).value_or("");
  return shared::Package::verified(bytes, bundle, refusal) ? "" : refusal.text();
}

bool keep_package(const std::string& digest, const std::string& bytes) {
  mkdir(kPackages, 0755);
  return write_whole(path_of(digest), bytes);
}

bool remember_package(const std::string& slot, const std::string& digest) {
  return write_whole(link_of(kPackages, slot), digest);
}

bool note_loaded(const std::string& slot, const std::string& digest) {
  mkdir(kLoaded, 0755);
  return write_whole(link_of(kLoaded, slot), digest);
}

bool is_kept(const std::string& digest) { return access(path_of(digest).c_str(), R_OK) == 0; }

std::map<std::string, std::string> loaded_packages() { return links_in(kLoaded); }

std::vector<KeptPackage> kept_packages() {
  std::vector<KeptPackage> kept;
  const auto bundle = shared::read_file(kBundle, AJDRV_BUNDLE_MAX_SIZE).value_or("");
  for (const auto& [slot, digest] : links_in(kPackages)) {
    KeptPackage& added = kept.emplace_back(slot, digest);
    shared::Refusal refusal;
    auto bytes = shared::read_file(path_of(digest), AJDRV_MAX_SIZE);
    const auto package = bytes ? shared::Package::verified(std::move(*bytes), bundle, refusal) : nullptr;
    if (!package) continue;
    added.name = package->contents().name;
    added.version = package->version();
  }
  return kept;
}

void drop_unused_packages() {
  std::set<std::string> used;
  for (const auto& [slot, digest] : links_in(kPackages)) used.insert(digest);
  std::error_code error;
  for (const auto& entry : files::directory_iterator(kPackages, error)) {
    const files::path& path = entry.path();
    const bool is_package = path.extension() == ".ajdrv" && !used.contains(path.stem());
    if (is_package || path.extension() == ".partial") files::remove(path, error);
  }
}

bool wait_for_driverd() {
  constexpr int kTries = 200;
  constexpr timespec kPause = {.tv_sec = 0, .tv_nsec = 50'000'000};
  for (int i = 0; i < kTries; ++i) {
    if (connect_to_driverd()) return true;
    nanosleep(&kPause, nullptr);
  }
  return false;
}

shared::LoadAnswer offer_package(const std::string& slot, const std::string& digest) {
  const shared::Descriptor file(open(path_of(digest).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {errno, std::strerror(errno)};
  const auto bytes = shared::read_file(file.number(), AJDRV_MAX_SIZE);
  if (!bytes || shared::hex(shared::sha256(*bytes)) != digest) return {EIO, "the kept package is damaged"};
  if (const std::string refusal = judge_package(*bytes); !refusal.empty()) return {EPERM, refusal};
  lseek(file.number(), 0, SEEK_SET);
  const shared::Descriptor socket = connect_to_driverd();
  if (!socket || !shared::send_request(socket.number(), slot, file.number()))
    return {EAGAIN, "driverd does not answer"};
  return shared::receive_answer(socket.number()).value_or(shared::LoadAnswer{EAGAIN, "driverd does not answer"});
}

}  // namespace bootstrap
