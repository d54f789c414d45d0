// ajdrv_pack: makes a driver package and signs it.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "kernel/lib/ajdrv/elf.h"
#include "userland/ajdrv/names.hpp"
#include "userland/ajdrv/writer.hpp"

namespace {

using namespace tools;

struct Options {
  std::string name, arch, vendor, device, code, key, output, category = "other", version = "1.0.0", role = "PUB";
  std::string license = "LicenseRef-unspecified", description, lineage, symbols;
  std::vector<std::string> matches, caps, dependencies;
  unsigned abi = 2, abi_minor = 0, epoch = 0, signatures = 2;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("--name", options.name, "the driver's name: a-z 0-9 _ . -, at most 31")->required();
  app.add_option("--arch", options.arch, "x86_64, aarch64 or riscv64")->required();
  app.add_option("--vendor", options.vendor, "PCI vendor number, like 0x8086 (with --device)");
  app.add_option("--device", options.device, "PCI device number, like 0x100e (with --vendor)");
  app.add_option("--match", options.matches, "what it is for: pci:v8086d100E, virtio:4, of:ns16550a; more than once");
  app.add_option("--code", options.code, "the driver as an ELF shared object")->required();
  app.add_option("--key", options.key, "the private key to sign with; - reads it from standard input")->required();
  app.add_option("--output", options.output, "the package to write")->required();
  app.add_option("--sign-role", options.role, "the role to sign in: PUB, STO, OWN or QA")->capture_default_str();
  app.add_option("--signatures", options.signatures, "how many signatures the finished package will have")
      ->capture_default_str();
  app.add_option("--category", options.category, "storage, network, input, display, gpu, bus or other")
      ->capture_default_str();
  app.add_option("--version", options.version, "the driver's version")->capture_default_str();
  app.add_option("--epoch", options.epoch, "raised by security fixes alone")->capture_default_str();
  app.add_option("--abi", options.abi, "the driver interface: 1 (driver_ops_t) or 2")->capture_default_str();
  app.add_option("--abi-minor", options.abi_minor, "the least minor number of the interface that it needs")
      ->check(CLI::Range(0, 0xffff))
      ->capture_default_str();
  app.add_option("--license", options.license, "an SPDX expression")->capture_default_str();
  app.add_option("--description", options.description, "one line");
  app.add_option("--lineage", options.lineage, "32 hexadecimal digits; made from the name otherwise");
  app.add_option("--dep", options.dependencies, "a driver that must be loaded: NAME or NAME=VERSION; more than once");
  app.add_option("--cap", options.caps, "a right: mmio pio dma irq msi timer buscfg busmaster; more than once");
  app.add_option("--symbols", options.symbols, "the list of what drivers may import (kernel/device/hal_abi_2.syms)");
}

std::string pci_match(const Options& options) {
  const auto number = [](const std::string& text) {
    char* end = nullptr;
    const unsigned long value = std::strtoul(text.c_str(), &end, 0);
    if (text.empty() || *end != 0 || value > 0xffff) throw Failure("'" + text + "' is not a 16-bit number");
    return value;
  };
  char text[32];
  std::snprintf(text, sizeof(text), "pci:v%04lXd%04lX", number(options.vendor), number(options.device));
  return text;
}

Dependency dependency_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  return {default_lineage(name), name, equals == std::string::npos ? 0 : version_of(text.substr(equals + 1))};
}

PackageParts parts_of(const Options& options) {
  PackageParts parts;
  parts.name = options.name;
  parts.arch = arch_of(options.arch);
  parts.category = category_of(options.category);
  parts.abi_major = static_cast<std::uint16_t>(options.abi);
  parts.abi_minor = static_cast<std::uint16_t>(options.abi_minor);
  parts.epoch = options.epoch;
  parts.version = version_of(options.version);
  parts.lineage =
      options.lineage.empty() ? default_lineage(options.name) : from_hex(options.lineage, AJDRV_LINEAGE_SIZE);
  parts.code = read_file(options.code);
  parts.matches = options.matches;
  if (!options.vendor.empty() || !options.device.empty()) parts.matches.push_back(pci_match(options));
  if (parts.matches.empty()) throw Failure("it is for no device: give --vendor and --device, or --match");
  for (const std::string& cap : options.caps) parts.caps |= cap_of(cap);
  for (const std::string& text : options.dependencies) parts.dependencies.push_back(dependency_of(text));
  parts.meta["license"] = options.license;
  if (!options.description.empty()) parts.meta["desc"] = options.description;
  if (const char* time = std::getenv("SOURCE_DATE_EPOCH")) parts.build_time = std::strtoull(time, nullptr, 10);
  if (options.signatures < 1 || options.signatures > AJDRV_MAX_SIGNATURES) throw Failure("--signatures is 1 to 8");
  parts.signatures = options.signatures;
  return parts;
}

// The names of a list of imports; every name is allowed where none was given.
bool is_allowed(void* context, const char* name, std::uint64_t* address) {
  *address = 0;
  const auto& list = *static_cast<const std::string*>(context);
  return list.empty() || list.find("\n" + std::string(name) + "\n") != std::string::npos;
}

void check_code(const PackageParts& parts, const Options& options) {
  static const std::uint8_t elf_magic[] = {0x7f, 'E', 'L', 'F'};
  if (parts.code.size() < 4 || !std::equal(elf_magic, elf_magic + 4, parts.code.begin())) {
    throw Failure(options.code + " is no ELF file; link one: ld -shared -o my_driver.bin my_driver.o");
  }
  std::string list;
  if (!options.symbols.empty()) {
    const Bytes bytes = read_file(options.symbols);
    list = "\n" + std::string(bytes.begin(), bytes.end()) + "\n";
  }
  ajdrv_elf_t elf;
  const ajdrv_error_t error = ajdrv_elf_check(parts.code.data(), parts.code.size(), parts.arch, parts.abi_major, false,
                                              is_allowed, &list, &elf);
  if (error != AJDRV_OK) {
    throw Failure(options.code + ": " + std::to_string(error) + " " + ajdrv_error_name(error) + ": " +
                  ajdrv_error_sentence(error));
  }
  if ((elf.note_flags & AJDRV_NOTE_FOR_KERNEL) == 0) {
    std::cerr << "ajdrv_pack: warning: " << options.code << " has no note that it may run in the kernel\n";
  }
}

// The package as it will be when all signatures are there: finds what a reader would object to.
void check_structure(Bytes file) {
  const std::uint64_t signed_size = ajdrv_align(file.size());
  std::uint64_t total = 0;
  for (unsigned i = 0; i < 8; ++i) total |= std::uint64_t{file[AJDRV_AT_TOTAL_SIZE + i]} << (8 * i);
  const std::size_t signatures = (total - signed_size - AJDRV_SIGNATURE_HEADER_SIZE) / AJDRV_SIGNATURE_SIZE;
  for (std::size_t i = 0; i < signatures; ++i) {
    Key seed{};
    seed[0] = static_cast<std::uint8_t>(i);
    file = with_signature(file, signed_size, AJDRV_ROLE_PUB, seed);
  }
  ajdrv_package_t package;
  const ajdrv_error_t error = ajdrv_parse(file.data(), file.size(), &package);
  if (error != AJDRV_OK)
    throw Failure(std::to_string(error) + " " + ajdrv_error_name(error) + ": " + ajdrv_error_sentence(error));
}

int pack(const Options& options) {
  const PackageParts parts = parts_of(options);
  check_code(parts, options);
  const Bytes body = make_package(parts);
  check_structure(body);
  const auto role = static_cast<ajdrv_role_t>(role_of(options.role));
  if (role > AJDRV_ROLE_QA) throw Failure("packages are signed as PUB, STO, OWN or QA");
  write_file(options.output, with_signature(body, body.size(), role, read_private_key(options.key)));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Makes a driver package and signs it. ajdrv_sign adds the other signatures.", "ajdrv_pack");
  Options options;
  declare(app, options);
  CLI11_PARSE(app, argc, argv);
  return run_tool("ajdrv_pack", [&] { return pack(options); });
}
