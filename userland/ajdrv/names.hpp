// The words for the numbers in a package, both ways.
#pragma once

#include <cstdint>
#include <string>

namespace tools {

std::uint16_t arch_of(const std::string& name);
std::string arch_name(unsigned number);
// "storage" and so on.
std::uint16_t category_of(const std::string& name);
std::string category_name(unsigned number);
std::uint32_t cap_of(const std::string& name);
std::string cap_name(unsigned bit);
// "PUB" and so on.
std::uint8_t role_of(const std::string& name);
// "1.2.3" as major << 48 | minor << 32 | patch.
std::uint64_t version_of(const std::string& text);
std::string version_text(std::uint64_t version);

}  // namespace tools
