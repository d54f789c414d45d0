// ajdrv_verify: whether a driver package would be accepted by a machine that has this trust bundle.
#include <CLI/CLI.hpp>
#include <iostream>

#include "kernel/lib/ajdrv/elf.h"
#include "kernel/lib/ajdrv/signature.h"
#include "userland/ajdrv/files.hpp"

namespace {

using namespace tools;

bool accept_import(void* /*context*/, const char* /*name*/, std::uint64_t* address) {
  *address = 0;  // which imports a kernel has is its own affair
  return true;
}

ajdrv_error_t check(const Bytes& file, const ajdrv_bundle_t& bundle, ajdrv_place_t place) {
  ajdrv_package_t package;
  Key hash;
  ajdrv_error_t error = ajdrv_parse(file.data(), file.size(), &package);
  if (error == AJDRV_OK) error = ajdrv_verify(&package, &bundle, place, &shared::sodium_crypto(), hash.data());
  if (error != AJDRV_OK) return error;
  const ajdrv_section_t* code = ajdrv_section(&package, AJDRV_SECTION_CODE);
  ajdrv_elf_t elf;
  return ajdrv_elf_check(ajdrv_contents(&package, code), code->size, package.arch, package.abi_major,
                         place == AJDRV_PLACE_KERNEL, accept_import, nullptr, &elf);
}

int verify(const std::string& path, const std::string& bundle_path, bool isolated) {
  const Bytes bytes = read_file(bundle_path), file = read_file(path);
  ajdrv_bundle_t bundle;
  if (ajdrv_bundle_parse(bytes.data(), bytes.size(), &bundle) != AJDRV_OK ||
      !ajdrv_bundle_is_signed(&bundle, &bundle, &shared::sodium_crypto())) {
    throw Failure(bundle_path + " is no sound trust bundle");
  }
  const ajdrv_error_t error = check(file, bundle, isolated ? AJDRV_PLACE_ISOLATED : AJDRV_PLACE_KERNEL);
  std::cout << error << " " << ajdrv_error_name(error) << " " << ajdrv_error_sentence(error) << "\n";
  return error == AJDRV_OK ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Verifies a driver package: 0 accepted, 2 refused, 1 another failure.", "ajdrv_verify");
  std::string file, bundle;
  bool isolated = false;
  app.add_option("file", file, "the package")->required();
  app.add_option("--bundle", bundle, "the trust bundle")->required();
  app.add_flag("--isolated", isolated, "for an isolated host instead of the kernel");
  CLI11_PARSE(app, argc, argv);
  return run_tool("ajdrv_verify", [&] { return verify(file, bundle, isolated); });
}
