#include "userland/ajdrv/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

namespace tools {
namespace {

constexpr const char* kPrivate = "halyard-private-key-v1";
constexpr const char* kPublic = "halyard-public-key-v1";

std::string why() { return std::strerror(errno); }

Key key_in(const std::string& text, const char* kind, const std::string& path) {
  std::istringstream words(text);
  std::string found, hex;
  words >> found >> hex;
  if (found != kind) throw Failure(path + " has no " + kind + " in it");
  const Bytes bytes = from_hex(hex, 32);
  Key key;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

std::string text_of(const std::string& path) {
  const Bytes bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Failure("cannot read " + path + ": " + why());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, const Bytes& bytes, unsigned mode) {
  const std::string partial = path + ".partial";
  const int fd = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) throw Failure("cannot write " + partial + ": " + why());
  const ssize_t written = write(fd, bytes.data(), bytes.size());
  const bool done = written == static_cast<ssize_t>(bytes.size()) && fchmod(fd, mode) == 0;
  if (close(fd) != 0 || !done || rename(partial.c_str(), path.c_str()) != 0) {
    const std::string reason = why();
    unlink(partial.c_str());
    throw Failure("cannot write " + path + ": " + reason);
  }
}

Bytes from_hex(const std::string& text, std::size_t size) {
  auto bytes = shared::from_hex(text, size);
  if (!bytes) throw Failure("'" + text.substr(0, 80) + "' is not " + std::to_string(2 * size) + " hexadecimal digits");
  return *std::move(bytes);
}

Key read_private_key(const std::string& path) {
  if (path == "-") return key_in({std::istreambuf_iterator<char>(std::cin), {}}, kPrivate, "standard input");
  struct stat status;
  if (stat(path.c_str(), &status) != 0) throw Failure("cannot read " + path + ": " + why());
  if ((status.st_mode & 077) != 0) throw Failure(path + " can be read by others; run: chmod 600 " + path);
  return key_in(text_of(path), kPrivate, path);
}

void write_private_key(const std::string& path, const Key& seed) {
  const std::string text = std::string(kPrivate) + " " + shared::hex(seed) + "\n";
  write_file(path, {text.begin(), text.end()}, 0600);
}

Key read_public_key(const std::string& path) {
  const std::string text = text_of(path);
  if (text.starts_with(kPrivate)) return public_key_of(read_private_key(path));
  return key_in(text, kPublic, path);
}

void write_public_key(const std::string& path, const Key& key) {
  const std::string text = std::string(kPublic) + " " + shared::hex(key) + "\n";
  write_file(path, {text.begin(), text.end()});
}

void print_failure(const char* name, const std::exception& failure) {
  std::cerr << name << ": " << failure.what() << "\n";
}

}  // namespace tools
