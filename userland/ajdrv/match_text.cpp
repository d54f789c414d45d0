#include "userland/ajdrv/match_text.hpp"

#include <cstdio>

#include "kernel/lib/ajdrv/bytes.h"
#include "kernel/lib/ajdrv/match.h"

namespace tools {
namespace {

struct Field {
  const char* name;
  unsigned digits;  // at most
  unsigned offset;  // in the record
};
constexpr Field kIds[] = {{"v", 8, 4}, {"d", 8, 6}, {"sv", 8, 8}, {"sd", 8, 10}};
constexpr Field kClasses[] = {{"bc", 2, 2}, {"sc", 2, 1}, {"i", 2, 0}};  // offset: byte of the class code

[[noreturn]] void refuse(const std::string& text) {
  throw Failure("cannot read the match '" + text +
                "'; examples: pci:v8086d100E, pci:bc01sc08i02, virtio:4, of:ns16550a");
}

// Takes "nameHEX" or "name*" off `rest`: 1 with the number, 0 for '*', -1 where another field stands there.
int take(std::string& rest, const Field& field, unsigned long& value) {
  const std::string name = field.name;
  if (!rest.starts_with(name)) return -1;
  std::string text = rest.substr(name.size());
  if (text.starts_with("*")) {
    rest = text.substr(1);
    return 0;
  }
  std::size_t digits = 0;
  // Linux writes letters of numbers in capitals, so that 'd' and 'b' begin the next field.
  while (digits < text.size() && digits < field.digits &&
         (std::isdigit(text[digits]) || (text[digits] >= 'A' && text[digits] <= 'F')))
    ++digits;
  if (digits == 0) return -1;
  value = std::stoul(text.substr(0, digits), nullptr, 16);
  rest = text.substr(digits);
  return 1;
}

Record parse_pci(const std::string& text, std::string rest) {
  Record record{};
  record[0] = AJDRV_BUS_PCI;
  unsigned long value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    if (take(rest, kIds[i], value) != 1) continue;
    if (value > 0xffff) refuse(text);
    record[1] = static_cast<std::uint8_t>(record[1] | 1u << i);
    ajdrv_store(&record[kIds[i].offset], 2, value);
  }
  for (const Field& field : kClasses) {
    if (take(rest, field, value) != 1) continue;
    record[1] |= AJDRV_PCI_CLASS;
    record[12 + field.offset] = static_cast<std::uint8_t>(value);
    record[16 + field.offset] = 0xff;
  }
  if (!rest.empty() || record[1] == 0) refuse(text);
  return record;
}

Record parse_virtio(const std::string& text, const std::string& rest) {
  const bool hex = rest.starts_with("d");
  std::size_t used = 0;
  const std::string digits = hex ? rest.substr(1, 8) : rest;
  unsigned long type = 0;
  try {
    type = std::stoul(digits, &used, hex ? 16 : 10);
  } catch (const std::exception&) {
    refuse(text);
  }
  const std::string tail = hex ? rest.substr(1 + digits.size()) : "";
  if (used != digits.size() || type == 0 || type > 0xffff || (!tail.empty() && tail != "v*")) refuse(text);
  Record record{};
  record[0] = AJDRV_BUS_VIRTIO;
  record[1] = 1;
  ajdrv_store(&record[4], 4, type);
  return record;
}

Record parse_text(std::uint8_t bus, const std::string& id, Bytes& strings) {
  Record record{};
  record[0] = bus;
  record[1] = 1;
  ajdrv_store(&record[4], 4, strings.size());
  ajdrv_store(&record[8], 4, id.size());
  strings.insert(strings.end(), id.begin(), id.end());
  strings.push_back(0);
  return record;
}

std::string pci_text(const std::uint8_t* record) {
  char text[96];
  std::string result = "pci:";
  for (unsigned i = 0; i < 4; ++i) {
    std::snprintf(text, sizeof(text), "%s%04X", kIds[i].name, ajdrv_u16(record + kIds[i].offset));
    result += (record[1] >> i & 1) != 0 ? text : std::string(kIds[i].name) + "*";
  }
  for (const Field& field : kClasses) {
    std::snprintf(text, sizeof(text), "%s%02X", field.name, record[12 + field.offset]);
    result += record[16 + field.offset] != 0 ? text : std::string(field.name) + "*";
  }
  return result;
}

}  // namespace

Record parse_match(const std::string& text, Bytes& strings) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon + 1 == text.size()) refuse(text);
  const std::string bus = text.substr(0, colon), rest = text.substr(colon + 1);
  if (bus == "pci") return parse_pci(text, rest);
  if (bus == "virtio") return parse_virtio(text, rest);
  if (bus == "of") return parse_text(AJDRV_BUS_DEVICE_TREE, rest, strings);
  if (bus == "acpi") return parse_text(AJDRV_BUS_ACPI, rest, strings);
  refuse(text);
}

std::string match_text(const std::uint8_t* record, const std::uint8_t* strings) {
  switch (record[0]) {
    case AJDRV_BUS_PCI: return pci_text(record);
    case AJDRV_BUS_VIRTIO: {
      char text[32];
      std::snprintf(text, sizeof(text), "virtio:d%08Xv*", ajdrv_u32(record + 4));
      return text;
    }
    case AJDRV_BUS_DEVICE_TREE:
    case AJDRV_BUS_ACPI: {
      const std::string id(reinterpret_cast<const char*>(strings) + ajdrv_u32(record + 4), ajdrv_u32(record + 8));
      return (record[0] == AJDRV_BUS_ACPI ? "acpi:" : "of:") + id;
    }
    default: return "usb:" + shared::hex({record, 32});
  }
}

}  // namespace tools
