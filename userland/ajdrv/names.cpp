#include "userland/ajdrv/names.hpp"

#include <array>
#include <cstdio>

#include "kernel/lib/ajdrv/statement.h"
#include "userland/ajdrv/files.hpp"

namespace tools {
namespace {

constexpr std::array kArches = {"x86_64", "aarch64", "riscv64"};
constexpr std::array kCategories = {"storage", "network", "input", "display", "gpu", "bus", "other"};
constexpr std::array kCaps = {"mmio", "pio", "dma", "irq", "msi", "timer", "buscfg", "busmaster"};

template <class Names>
unsigned index_of(const Names& names, const std::string& name, const char* what) {
  std::string known;
  for (unsigned i = 0; i < names.size(); ++i) {
    if (name == names[i]) return i;
    known += std::string(i == 0 ? "" : ", ") + names[i];
  }
  throw Failure("unknown " + std::string(what) + " '" + name + "'; known are: " + known);
}

template <class Names>
std::string name_at(const Names& names, unsigned index) {
  return index < names.size() ? names[index] : std::to_string(index);
}

}  // namespace

std::uint16_t arch_of(const std::string& name) {
  return static_cast<std::uint16_t>(index_of(kArches, name, "architecture"));
}
std::string arch_name(unsigned number) { return name_at(kArches, number); }
std::uint16_t category_of(const std::string& name) {
  return static_cast<std::uint16_t>(index_of(kCategories, name, "category"));
}
std::string category_name(unsigned number) { return name_at(kCategories, number); }
std::uint32_t cap_of(const std::string& name) { return 1u << index_of(kCaps, name, "right"); }
std::string cap_name(unsigned bit) { return name_at(kCaps, bit); }

std::uint8_t role_of(const std::string& name) {
  for (std::uint8_t role = 1; role < AJDRV_ROLE_COUNT; ++role) {
    if (name == ajdrv_role_name(role)) return role;
  }
  throw Failure("unknown role '" + name + "'; known are: PUB, STO, OWN, QA");
}

std::uint64_t version_of(const std::string& text) {
  unsigned major = 0, minor = 0, patch = 0;
  char rest = 0;
  const int found = std::sscanf(text.c_str(), "%5u.%5u.%9u%c", &major, &minor, &patch, &rest);
  if (found != 3 || major > 0xffff || minor > 0xffff) throw Failure("'" + text + "' is not a version like 1.2.3");
  return std::uint64_t{major} << 48 | std::uint64_t{minor} << 32 | patch;
}

std::string version_text(std::uint64_t version) {
  return std::to_string(version >> 48) + "." + std::to_string(version >> 32 & 0xffff) + "." +
         std::to_string(version & 0xffffffff);
}

}  // namespace tools
