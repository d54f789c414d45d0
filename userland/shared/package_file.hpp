// A driver package as a whole in memory, read and judged by the format's library.
//
// A Package owns its bytes; what it says of itself may be shown only where it is verified. Constant once made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "kernel/lib/ajdrv/policy.h"
#include "userland/shared/sodium_crypto.hpp"

namespace shared {

// Reads at most `limit` bytes; nothing where the file is longer or cannot be read.
std::optional<std::string> read_file(int file, size_t limit);
std::optional<std::string> read_file(const std::string& path, size_t limit);

struct Refusal {
  ajdrv_error_t code = AJDRV_OK;
  // "36 SIG_BAD: A signature does not fit ..."
  std::string text() const;
};

class Package {
 public:
  // Well formed and signed as `bundle` demands, for the kernel's place; else the refusal says why. An empty bundle
  // trusts nobody.
  static std::unique_ptr<Package> verified(std::string bytes, const std::string& bundle, Refusal& refusal);

  const ajdrv_package_t& contents() const { return contents_; }
  const std::string& bytes() const { return bytes_; }
  std::string digest() const;   // SHA-256 of the whole file, in hex
  std::string lineage() const;  // in hex
  std::string version() const;  // "1.2.3"
  bool is_for(uint16_t arch) const { return contents_.arch == arch; }

 private:
  explicit Package(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
  ajdrv_package_t contents_{};
};

// "1.2.3" of a version number.
std::string version_text(uint64_t version);
// "x86_64"; -1 for a name that is none.
const char* arch_name(uint16_t arch);
int arch_number(std::string_view name);

}  // namespace shared
