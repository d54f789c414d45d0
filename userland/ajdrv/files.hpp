// Files of the package tools, and keys in them. Everything throws Failure, whose text is for the user.
//
// A private key is a file of one line, "halyard-private-key-v1 HEX", that nobody but its owner may read; a public key
// one of "halyard-public-key-v1 HEX".
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "userland/ajdrv/crypto.hpp"

namespace tools {

using Bytes = std::vector<std::uint8_t>;

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

Bytes read_file(const std::string& path);
// Replaces the file as a whole or not at all.
void write_file(const std::string& path, const Bytes& bytes, unsigned mode = 0644);

// Exactly `size` bytes.
Bytes from_hex(const std::string& text, std::size_t size);

// The seed in a private key's file; "-" reads standard input. Refuses a file that others can read.
Key read_private_key(const std::string& path);
void write_private_key(const std::string& path, const Key& seed);
// The public key in a public or a private key's file.
Key read_public_key(const std::string& path);
void write_public_key(const std::string& path, const Key& key);

// Runs a tool's work: its exit status, with a Failure's text on standard error.
template <class Work>
int run_tool(const char* name, Work work);
void print_failure(const char* name, const std::exception& failure);

template <class Work>
int run_tool(const char* name, Work work) {
  try {
    return work();
  } catch (const std::exception& failure) {
    print_failure(name, failure);
    return 1;
  }
}

}  // namespace tools
