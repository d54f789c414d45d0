// ajdrv_inspect: what is in a driver package. It verifies nothing.
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "kernel/lib/ajdrv/signature.h"
#include "userland/ajdrv/match_text.hpp"
#include "userland/ajdrv/names.hpp"

namespace {

using namespace tools;
using Json = nlohmann::ordered_json;

Json matches_of(const ajdrv_package_t& package) {
  const ajdrv_section_t* section = ajdrv_section(&package, AJDRV_SECTION_MATCH);
  const ajdrv_section_t* text = ajdrv_section(&package, AJDRV_SECTION_STR);
  const std::uint8_t* strings = text == nullptr ? nullptr : ajdrv_contents(&package, text);
  Json matches = Json::array();
  for (std::uint32_t i = 0; i < section->count; ++i) {
    matches.push_back(match_text(ajdrv_contents(&package, section) + i * AJDRV_MATCH_SIZE, strings));
  }
  return matches;
}

Json signatures_of(const ajdrv_package_t& package) {
  Json signatures = Json::array();
  for (std::uint32_t i = 0; i < package.signature_count; ++i) {
    const ajdrv_signature_t signature = ajdrv_signature(package.file + package.signed_size, i);
    signatures.push_back(
        {{"role", ajdrv_role_name(signature.role)}, {"key_id", shared::hex({signature.key_id, AJDRV_HASH_SIZE})}});
  }
  return signatures;
}

Json describe(const ajdrv_package_t& package) {
  Key hash;
  shared::sodium_crypto().sha256(package.file, package.signed_size, hash.data());
  Json caps = Json::array();
  for (unsigned bit = 0; bit < 32; ++bit) {
    if ((package.caps >> bit & 1) != 0) caps.push_back(cap_name(bit));
  }
  Json sections = Json::array();
  for (std::uint32_t i = 0; i < package.section_count; ++i) {
    const ajdrv_section_t& section = package.sections[i];
    sections.push_back(
        {{"type", section.type}, {"offset", section.offset}, {"size", section.size}, {"count", section.count}});
  }
  const char* description = ajdrv_meta(&package, "desc");
  return {{"name", package.name},
          {"version", version_text(package.version)},
          {"epoch", package.epoch},
          {"arch", arch_name(package.arch)},
          {"category", category_name(package.category)},
          {"abi", {{"major", package.abi_major}, {"minor", package.abi_minor}}},
          {"flags", package.flags},
          {"caps", caps},
          {"lineage", shared::hex({package.lineage, AJDRV_LINEAGE_SIZE})},
          {"license", ajdrv_meta(&package, "license")},
          {"description", description == nullptr ? "" : description},
          {"matches", matches_of(package)},
          {"total_size", package.total_size},
          {"signed_size", package.signed_size},
          {"signed_sha256", shared::hex(hash)},
          {"sections", sections},
          {"signatures", signatures_of(package)}};
}

int inspect(const std::string& path, bool as_json) {
  const Bytes file = read_file(path);
  ajdrv_package_t package;
  const ajdrv_error_t error = ajdrv_parse(file.data(), file.size(), &package);
  if (error != AJDRV_OK) {
    throw Failure(path + ": " + std::to_string(error) + " " + ajdrv_error_name(error) + ": " +
                  ajdrv_error_sentence(error));
  }
  const Json json = describe(package);
  if (as_json) {
    std::cout << json.dump(2) << "\n";
    return 0;
  }
  for (const auto& [key, value] : json.items()) {
    std::cout << key << ": " << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Prints what is in a driver package. It does not verify signatures: see ajdrv_verify.", "ajdrv_inspect");
  std::string file;
  bool as_json = false;
  app.add_option("file", file, "the package")->required();
  app.add_flag("--json", as_json, "print JSON");
  CLI11_PARSE(app, argc, argv);
  return run_tool("ajdrv_inspect", [&] { return inspect(file, as_json); });
}
