#include "userland/shared/package_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace shared {
namespace {

constexpr const char* kArches[] = {"x86_64", "aarch64", "riscv64"};

ajdrv_error_t judge(const ajdrv_package_t& package, const std::string& bundle_bytes) {
  ajdrv_bundle_t bundle;
  if (bundle_bytes.empty()) return AJDRV_E_NO_TRUST_BUNDLE;
  const ajdrv_error_t read = ajdrv_bundle_parse(bundle_bytes.data(), bundle_bytes.size(), &bundle);
  if (read != AJDRV_OK) return read;
  uint8_t hash[AJDRV_HASH_SIZE];
  return ajdrv_verify(&package, &bundle, AJDRV_PLACE_KERNEL, &sodium_crypto(), hash);
}

}  // namespace

std::optional<std::string> read_file(int file, size_t limit) {
  std::string bytes;
  char piece[65536];
  for (;;) {
    const ssize_t got = read(file, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return bytes;
    if (bytes.size() + static_cast<size_t>(got) > limit) return std::nullopt;
    bytes.append(piece, static_cast<size_t>(got));
  }
}

std::optional<std::string> read_file(const std::string& path, size_t limit) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  auto bytes = read_file(file, limit);
  close(file);
  return bytes;
}

std::string Refusal::text() const {
  return std::to_string(code) + " " + ajdrv_error_name(code) + ": " + ajdrv_error_sentence(code);
}

std::unique_ptr<Package> Package::verified(std::string bytes, const std::string& bundle, Refusal& refusal) {
  std::unique_ptr<Package> package(new Package(std::move(bytes)));
  const std::string& file = package->bytes_;
  refusal.code = ajdrv_parse(file.data(), file.size(), &package->contents_);
  if (refusal.code == AJDRV_OK) refusal.code = judge(package->contents_, bundle);
  return refusal.code == AJDRV_OK ? std::move(package) : nullptr;
}

std::string Package::digest() const { return hex(sha256(bytes_)); }
std::string Package::lineage() const { return hex({contents_.lineage, AJDRV_LINEAGE_SIZE}); }
std::string Package::version() const { return version_text(contents_.version); }

std::string version_text(uint64_t version) {
  return std::to_string(version >> 48) + "." + std::to_string(version >> 32 & 0xffff) + "." +
         std::to_string(version & 0xffff'ffff);
}

const char* arch_name(uint16_t arch) { return arch < std::size(kArches) ? kArches[arch] : "unknown"; }

int arch_number(std::string_view name) {
  for (size_t i = 0; i < std::size(kArches); ++i) {
    if (name == kArches[i]) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace shared
