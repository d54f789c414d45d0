#include "kernel/device/package/load.hpp"

#include <cstring>

#include "hal/user_abi.hpp"
#include "kernel/device/package/crypto.hpp"
#include "kernel/device/package/last_error.hpp"
#include "kernel/device/package/package.hpp"
#include "kernel/device/package/trust.hpp"
#include "kernel/diag/log.hpp"

namespace device {
namespace {

struct Parameters {
  std::string_view slot;
  ajdrv_place_t place = AJDRV_PLACE_KERNEL;
};

Status parse_word(std::string_view word, Parameters& parameters) {
  constexpr std::string_view slot = "slot=", bus = "pci:";
  if (word.starts_with(slot)) {
    parameters.slot = word.substr(slot.size());
    if (parameters.slot.starts_with(bus)) parameters.slot.remove_prefix(bus.size());
    return parameters.slot.empty() ? Status(Err(Errno::EINVAL)) : Status();
  }
  if (word != "placement=kernel" && word != "placement=isolated") return Err(Errno::EINVAL);
  parameters.place = word == "placement=kernel" ? AJDRV_PLACE_KERNEL : AJDRV_PLACE_ISOLATED;
  return {};
}

Result<Parameters> parse_parameters(std::string_view text) {
  Parameters parameters;
  while (!text.empty()) {
    const usize end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    if (!word.empty()) TRY(parse_word(word, parameters));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return parameters;
}

u16 own_arch() {
  constexpr u16 machines[] = {62, 183, 243};  // by AJDRV_ARCH_*
  u16 arch = 0;
  while (arch < AJDRV_ARCH_COUNT && machines[arch] != hal::UserAbi::kElfMachine) ++arch;
  return arch;
}

ajdrv_host_t this_machine() {
  constexpr u32 kOsVersion = 1 << 8;  // 0.1.0, as in meson.build
  return {.arch = own_arch(),
          .abi_minor = {0, 0, DRIVER_ABI_V2 & 0xffff},
          .os_version = kOsVersion,
          .has_isolated_hosts = false};
}

// True if some driver that this one cannot be without is not loaded.
bool lacks_dependency(PackageList& loaded, const ajdrv_package_t& header) {
  const ajdrv_section_t* section = ajdrv_section(&header, AJDRV_SECTION_DEPS);
  for (u32 i = 0; section != nullptr && i < section->count; ++i) {
    const ajdrv_dependency_t needed = ajdrv_dependency(&header, i);
    const Package* found = loaded.find_lineage(needed.lineage);
    if ((needed.flags & 1) != 0 && (found == nullptr || found->header.version < needed.min_version)) return true;
  }
  return false;
}

Status set_limits(Package& package, const Device* slot) {
  const ajdrv_section_t* matches = ajdrv_section(&package.header, AJDRV_SECTION_MATCH);
  const ajdrv_section_t* strings = ajdrv_section(&package.header, AJDRV_SECTION_STR);
  static_assert(sizeof(driver_match_t) == AJDRV_MATCH_SIZE && alignof(driver_match_t) == 1);
  const auto* records = reinterpret_cast<const driver_match_t*>(ajdrv_contents(&package.header, matches));
  package.limits.matches = {records, matches->count};
  if (strings != nullptr) {
    package.limits.strings = reinterpret_cast<const char*>(ajdrv_contents(&package.header, strings));
  }
  package.limits.package = &package;
  package.limits.is_limited = slot != nullptr;
  return slot == nullptr || package.limits.only.push(slot) ? Status() : Status(Err(Errno::ENOMEM));
}

// Everything up to the driver's first instruction, in the documented order.
ajdrv_error_t check(PackageList& loaded, Package& package, usize size, const Device* slot) {
  u8 hash[AJDRV_HASH_SIZE];
  ajdrv_package_t& header = package.header;
  ajdrv_error_t error = ajdrv_parse(package.file.data(), size, &header);
  if (error != AJDRV_OK) return error;
  error = ajdrv_verify(&header, trust_bundle(), package.place, &kCrypto, hash);
  if (error != AJDRV_OK) return error;
  const ajdrv_host_t host = this_machine();
  error = ajdrv_policy_check(&header, trust_bundle(), &host, package.place, seen_of(header.lineage));
  if (error != AJDRV_OK) return error;
  if (!set_limits(package, slot)) return AJDRV_E_NOMEM;
  if (slot != nullptr && match_rank(package.limits.matches, package.limits.strings, slot->info) == 0) {
    return AJDRV_E_DEVICE_MISMATCH;
  }
  if (lacks_dependency(loaded, header)) return AJDRV_E_DEP_MISSING;
  const ajdrv_section_t* code = ajdrv_section(&header, AJDRV_SECTION_CODE);
  return ajdrv_elf_check(ajdrv_contents(&header, code), code->size, header.arch, header.abi_major, true, resolve_import,
                         nullptr, &package.code);
}

ajdrv_error_t prepare(Package& package) {
  package.driver.origin = package.header.name;
  package.driver.limits = &package.limits;
  package.driver.ops = &package.ops;
  return package.header.abi_major == 2 ? prepare_version2(package) : prepare_version1(package);
}

// The driver runs from here on.
Status start(PackageList& loaded, lib::Own<Package> package, const Device* slot) {
  const ajdrv_package_t& header = package->header;
  TRY(note_seen(header.lineage, {header.version, header.epoch}));
  if (const ajdrv_error_t error = prepare(*package); error != AJDRV_OK) return Err(refuse(error));
  if (!add_driver(package->driver)) return Err(refuse(AJDRV_E_OPS_INVALID));
  if (slot != nullptr && slot->driver != &package->driver) {
    remove_driver(package->driver);
    return Err(refuse(AJDRV_E_INIT_FAILED));
  }
  LOG_INFO("package", "%s %lu.%lu.%lu loaded at 0x%lx", header.name, header.version >> 48,
           header.version >> 32 & 0xffff, header.version & 0xffffffff, package->image.base());
  loaded.list.push_back(*package.release());
  clear_last_error();
  return {};
}

// The same package once more, for another device of its kind.
Status load_again(Package& running, const Package& package, Device* slot) {
  const usize size = package.header.total_size;
  const bool is_same = running.header.total_size == size && running.place == package.place &&
                       std::memcmp(running.file.data(), package.file.data(), size) == 0;
  if (!is_same || slot == nullptr || !running.limits.is_limited || slot->driver != nullptr) return Err(Errno::EEXIST);
  if (!TRY(admit(running.driver, running.limits, *slot))) return Err(refuse(AJDRV_E_INIT_FAILED));
  clear_last_error();
  return {};
}

Status load(PackageList& loaded, Pages file, usize size, const Parameters& parameters) {
  Device* slot = parameters.slot.empty() ? nullptr : find(parameters.slot);
  if (!parameters.slot.empty() && slot == nullptr) return Err(Errno::ENODEV);
  auto package = TRY(lib::make_own<Package>());
  // What is verified is what is used: nobody writes to it from here on.
  TRY(file.seal(0, file.size(), hal::PageFlags::Read));
  package->file = std::move(file);
  package->place = parameters.place;
  if (const ajdrv_error_t error = check(loaded, *package, size, slot); error != AJDRV_OK) return Err(refuse(error));
  const ajdrv_package_t& header = package->header;
  if (Package* running = loaded.find_lineage(header.lineage)) return load_again(*running, *package, slot);
  if (loaded.find(header.name) != nullptr) return Err(Errno::EEXIST);
  return start(loaded, std::move(package), slot);
}

bool is_needed(PackageList& loaded, const Package& package) {
  for (const Package& other : loaded.list) {
    const ajdrv_section_t* section = ajdrv_section(&other.header, AJDRV_SECTION_DEPS);
    for (u32 i = 0; section != nullptr && i < section->count; ++i) {
      const ajdrv_dependency_t needed = ajdrv_dependency(&other.header, i);
      const bool same = std::memcmp(needed.lineage, package.header.lineage, AJDRV_LINEAGE_SIZE) == 0;
      if (same && (needed.flags & 1) != 0) return true;
    }
  }
  return false;
}

}  // namespace

Status load_package(Pages file, usize size, std::string_view text) {
  const Parameters parameters = TRY(parse_parameters(text));
  return packages().with([&](PackageList& loaded) { return load(loaded, std::move(file), size, parameters); });
}

Status unload_package(std::string_view name) {
  return packages().with([&](PackageList& loaded) -> Status {
    Package* package = loaded.find(name);
    if (package == nullptr) return Err(Errno::ENOENT);
    if (is_needed(loaded, *package)) return Err(Errno::EBUSY);
    remove_driver(package->driver);
    loaded.list.erase(loaded.list.iterator_to(*package));
    LOG_INFO("package", "%s unloaded", package->header.name);
    lib::destroy(package);
    return {};
  });
}

}  // namespace device
