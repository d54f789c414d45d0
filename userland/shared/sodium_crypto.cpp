#include "userland/shared/sodium_crypto.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace shared {
namespace {

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

void hash_for_library(const void* bytes, size_t size, uint8_t hash[32]) {
  crypto_hash_sha256(hash, static_cast<const unsigned char*>(bytes), size);
}

// Below 2^255 - 19, as RFC 8032 wants a coordinate written.
bool is_canonical(const uint8_t key[32]) {
  constexpr uint8_t kLowest = 0xed, kHighest = 0x7f;
  if ((key[31] & kHighest) != kHighest || key[0] < kLowest) return true;
  return !std::all_of(key + 1, key + 31, [](uint8_t byte) { return byte == 0xff; });
}

// Converting a key refuses what is no point, of small order, or outside the prime-order group.
bool key_is_sound(const uint8_t key[32]) {
  uint8_t unused[32];
  return is_canonical(key) && crypto_sign_ed25519_pk_to_curve25519(unused, key) == 0;
}

// libsodium's verifier refuses S out of range, and R and keys that are not canonical or of small order; the key's
// subgroup is what it leaves to us.
bool verify_for_library(const uint8_t signature[64], const void* message, size_t size, const uint8_t key[32]) {
  return key_is_sound(key) &&
         crypto_sign_verify_detached(signature, static_cast<const unsigned char*>(message), size, key) == 0;
}

constexpr ajdrv_crypto_t kCrypto = {hash_for_library, verify_for_library, key_is_sound};

bool write_all(int file, const unsigned char* bytes, size_t size) {
  return write(file, bytes, size) == static_cast<ssize_t>(size) && fsync(file) == 0;
}

}  // namespace

bool start_crypto() { return sodium_init() >= 0; }
const ajdrv_crypto_t& sodium_crypto() { return kCrypto; }

Hash sha256(std::string_view bytes) {
  Hash hash;
  crypto_hash_sha256(hash.data(), bytes_of(bytes), bytes.size());
  return hash;
}

bool verify(const Signature& signature, std::string_view message, const PublicKey& key) {
  return verify_for_library(signature.data(), message.data(), message.size(), key.data());
}

std::string random_bytes(size_t count) {
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

SecretKey::SecretKey(const std::array<unsigned char, 32>& seed) {
  PublicKey unused;
  crypto_sign_seed_keypair(unused.data(), key_.data(), seed.data());
}
SecretKey::SecretKey(SecretKey&& other) noexcept : key_(other.key_) { sodium_memzero(other.key_.data(), key_.size()); }
SecretKey::~SecretKey() { sodium_memzero(key_.data(), key_.size()); }

SecretKey SecretKey::generate() {
  std::array<unsigned char, 32> seed;
  randombytes_buf(seed.data(), seed.size());
  SecretKey key(seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

std::optional<SecretKey> SecretKey::load(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return std::nullopt;
  std::array<unsigned char, 32> seed{};
  struct stat info{};
  const bool is_private = fstat(file, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077) == 0;
  const bool is_whole = is_private && info.st_size == 32 && read(file, seed.data(), seed.size()) == 32;
  close(file);
  if (!is_whole) return std::nullopt;
  std::optional<SecretKey> key(SecretKey{seed});
  sodium_memzero(seed.data(), seed.size());
  return key;
}

bool SecretKey::save(const std::string& path) const {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return false;
  std::array<unsigned char, 32> seed;
  crypto_sign_ed25519_sk_to_seed(seed.data(), key_.data());
  const bool done = write_all(file, seed.data(), seed.size());
  sodium_memzero(seed.data(), seed.size());
  close(file);
  return done;
}

PublicKey SecretKey::public_key() const {
  PublicKey key;
  crypto_sign_ed25519_sk_to_pk(key.data(), key_.data());
  return key;
}

Signature SecretKey::sign(std::string_view message) const {
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, bytes_of(message), message.size(), key_.data());
  return signature;
}

std::string hex(std::span<const unsigned char> bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

std::string base64(std::span<const unsigned char> bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return text;
}

std::optional<Bytes> from_hex(std::string_view text, size_t size) {
  Bytes bytes(size);
  size_t length = 0;
  if (text.size() != 2 * size ||
      sodium_hex2bin(bytes.data(), size, text.data(), text.size(), nullptr, &length, nullptr) != 0 || length != size) {
    return std::nullopt;
  }
  return bytes;
}

std::optional<Bytes> from_base64(std::string_view text, size_t size) {
  Bytes bytes(size);
  size_t length = 0;
  if (sodium_base642bin(bytes.data(), size, text.data(), text.size(), nullptr, &length, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      length != size) {
    return std::nullopt;
  }
  return bytes;
}

std::string machine_id(const PublicKey& key) {
  constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
  constexpr size_t kBytes = 16, kBits = 5;
  const Hash hash = sha256(as_text(key));
  std::string id;
  for (size_t bit = 0; bit < kBytes * 8; bit += kBits) {
    unsigned value = 0;
    for (size_t i = bit; i < bit + kBits; ++i) {
      value = value << 1 | (i < kBytes * 8 ? hash[i / 8] >> (7 - i % 8) & 1u : 0u);
    }
    id += kDigits[value];
  }
  return id;
}

}  // namespace shared
