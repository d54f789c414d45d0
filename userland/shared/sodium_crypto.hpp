// What the package format's library wants of a cryptographic library, by libsodium; and encodings of bytes as text.
//
// For programs in user space, on the host and in the guest. No state: all functions are pure, but for random_bytes().
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/lib/ajdrv/crypto.h"

namespace shared {

using Bytes = std::vector<unsigned char>;
using Hash = std::array<unsigned char, 32>;
using PublicKey = std::array<unsigned char, 32>;
using Signature = std::array<unsigned char, 64>;

// Call once before all else; false: there is no source of random numbers.
bool start_crypto();
const ajdrv_crypto_t& sodium_crypto();

Hash sha256(std::string_view bytes);
bool verify(const Signature& signature, std::string_view message, const PublicKey& key);
std::string random_bytes(size_t count);

// A private key in memory that is wiped when it goes. Movable only.
class SecretKey {
 public:
  static SecretKey generate();
  // From a file with the 32 bytes of its seed, which nobody else may read; nothing where it is not such a file.
  static std::optional<SecretKey> load(const std::string& path);
  // Writes the seed to a new file of mode 0600. False: errno says why.
  bool save(const std::string& path) const;
  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&&) = delete;
  ~SecretKey();

  PublicKey public_key() const;
  Signature sign(std::string_view message) const;

 private:
  explicit SecretKey(const std::array<unsigned char, 32>& seed);
  std::array<unsigned char, 64> key_{};
};

std::string hex(std::span<const unsigned char> bytes);
std::string base64(std::span<const unsigned char> bytes);
// Nothing where the text is not exactly `size` bytes so encoded.
std::optional<Bytes> from_hex(std::string_view text, size_t size);
std::optional<Bytes> from_base64(std::string_view text, size_t size);
// What a machine is called: the first 16 bytes of its key's SHA-256 in base32 (RFC 4648), small letters, 26 of them.
std::string machine_id(const PublicKey& key);

template <class Array>
std::optional<Array> as_array(const std::optional<Bytes>& bytes) {
  Array array{};
  if (!bytes || bytes->size() != array.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), array.begin());
  return array;
}
inline std::string_view as_text(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace shared
