// ajkey: makes keys, names them, and puts trust bundles together.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "kernel/lib/ajdrv/bundle.h"
#include "userland/ajdrv/names.hpp"
#include "userland/ajdrv/writer.hpp"

namespace {

using namespace tools;

int generate(const std::string& path) {
  if (std::filesystem::exists(path)) throw Failure(path + " exists; a key is never overwritten");
  const Key seed = random_seed();
  write_private_key(path, seed);
  write_public_key(path + ".pub", public_key_of(seed));
  return 0;
}

int show_id(const std::string& path) {
  Key id;
  ajdrv_key_id(&shared::sodium_crypto(), read_public_key(path).data(), id.data());
  std::cout << shared::hex(id) << "\n";
  return 0;
}

struct BundleOptions {
  std::vector<std::string> roots, trusted, revoked_keys, revoked_packages;
  std::string output;
  std::uint64_t version = 1, valid_from = 0, expires = 0;
  unsigned threshold = 1;
  bool development = false;
};

// "FILE:PUB" or "FILE:PUB+QA".
TrustedKey trusted_key(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) throw Failure("'" + text + "' is not FILE:ROLE, like vendor.pub:PUB");
  TrustedKey key;
  key.key = read_public_key(text.substr(0, colon));
  std::istringstream roles(text.substr(colon + 1));
  for (std::string role; std::getline(roles, role, '+');) {
    key.roles = static_cast<std::uint8_t>(key.roles | 1u << (role_of(role) - 1));
  }
  return key;
}

int make(const BundleOptions& options) {
  BundleParts parts;
  parts.version = options.version, parts.valid_from = options.valid_from, parts.expires = options.expires;
  parts.root_threshold = options.threshold, parts.for_development = options.development;
  for (const std::string& root : options.roots) parts.roots.push_back(read_public_key(root));
  for (const std::string& key : options.trusted) parts.keys.push_back(trusted_key(key));
  for (const std::string& id : options.revoked_keys) parts.revoked_keys.push_back(from_hex(id, 32));
  for (const std::string& hash : options.revoked_packages) parts.revoked_packages.push_back(from_hex(hash, 32));
  Bytes file = make_bundle(parts);
  const std::uint64_t signed_size = file.size();
  for (const std::string& root : options.roots)
    file = with_signature(file, signed_size, AJDRV_ROLE_ROOT, read_private_key(root));
  ajdrv_bundle_t bundle;
  if (ajdrv_bundle_parse(file.data(), file.size(), &bundle) != AJDRV_OK ||
      !ajdrv_bundle_is_signed(&bundle, &bundle, &shared::sodium_crypto())) {
    throw Failure("these options make no sound bundle: look at the roots, the threshold and double keys");
  }
  write_file(options.output, file);
  return 0;
}

void declare_bundle(CLI::App& bundle, BundleOptions& options) {
  bundle.add_option("--root", options.roots, "a root's private key, which signs; more than once")->required();
  bundle.add_option("--root-threshold", options.threshold, "how many roots must sign")->capture_default_str();
  bundle.add_option("--trust", options.trusted, "FILE:ROLE[+ROLE] of a key that is trusted; more than once");
  bundle.add_option("--revoke-key", options.revoked_keys, "a key's id (ajkey id); more than once");
  bundle.add_option("--revoke-package", options.revoked_packages, "SHA-256 of a package's signed part; more than once");
  bundle.add_option("--bundle-version", options.version, "higher than the last one's")->capture_default_str();
  bundle.add_option("--valid-from", options.valid_from, "seconds since 1970");
  bundle.add_option("--expires", options.expires, "seconds since 1970");
  bundle.add_flag("--development", options.development, "says so on the console of who uses it");
  bundle.add_option("--output", options.output, "the bundle to write")->required();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Makes keys, names them, and puts trust bundles together.", "ajkey");
  app.require_subcommand(1);
  std::string path;
  BundleOptions options;
  CLI::App* gen = app.add_subcommand("gen", "makes a private key, and its public half as FILE.pub");
  gen->add_option("file", path, "the private key to write")->required();
  CLI::App* id = app.add_subcommand("id", "prints a key's id");
  id->add_option("file", path, "a public or private key")->required();
  CLI::App* bundle = app.add_subcommand("bundle", "makes a trust bundle (AJTB)");
  declare_bundle(*bundle, options);
  CLI11_PARSE(app, argc, argv);
  return run_tool("ajkey", [&] {
    return gen->parsed() ? generate(path) : id->parsed() ? show_id(path) : make(options);
  });
}
