// Match records as text, in the manner of Linux's module aliases:
//
//   pci:v1234d5678sv*sd*bc02sc00i00    numbers in hexadecimal; a field may be '*' or left out at the end
//   virtio:d00000004                   the device type, in decimal without the 'd' as well
//   of:ns16550a    acpi:PNP0501        exact texts
#pragma once

#include <array>
#include <string>

#include "userland/ajdrv/files.hpp"

namespace tools {

using Record = std::array<std::uint8_t, 32>;

// Texts go to the end of `strings`. Throws Failure.
Record parse_match(const std::string& text, Bytes& strings);
std::string match_text(const std::uint8_t* record, const std::uint8_t* strings);

}  // namespace tools
