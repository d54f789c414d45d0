#include "kernel/lib/cpio.hpp"

#include <algorithm>
#include <cstring>

namespace lib {
namespace {

constexpr usize kHeaderSize = 110;  // "070701" and 13 fields of 8 hexadecimal digits
constexpr usize kNameMax = 4096;

bool parse_field(const u8* text, u32& value) {
  value = 0;
  for (int i = 0; i < 8; ++i) {
    const u8 c = text[i];
    u32 digit = 0;
    if (c >= '0' && c <= '9')
      digit = c - u32{'0'};
    else if (c >= 'a' && c <= 'f')
      digit = c - u32{'a'} + 10;
    else if (c >= 'A' && c <= 'F')
      digit = c - u32{'A'} + 10;
    else
      return false;
    value = value << 4 | digit;
  }
  return true;
}

bool has_magic(std::span<const u8> bytes) {
  return std::memcmp(bytes.data(), "070701", 6) == 0 || std::memcmp(bytes.data(), "070702", 6) == 0;
}

}  // namespace

void CpioReader::skip(usize bytes) {
  bytes = std::min(bytes, rest_.size());
  rest_ = rest_.subspan(bytes);
  position_ += bytes;
}

Result<bool> CpioReader::next(CpioEntry& entry) {
  for (;;) {
    // Zeros are padding between archives.
    while (!rest_.empty() && rest_[0] == 0) skip(1);
    if (rest_.empty()) return false;
    if (rest_.size() < kHeaderSize || !has_magic(rest_)) return Err(Errno::EINVAL);
    u32 fields[13];
    for (usize i = 0; i < 13; ++i) {
      if (!parse_field(rest_.data() + 6 + i * 8, fields[i])) return Err(Errno::EINVAL);
    }
    const usize file_size = fields[6];
    const usize name_size = fields[11];
    const usize data_at = align_up(kHeaderSize + name_size, 4);
    if (name_size == 0 || name_size > kNameMax || data_at > rest_.size() || file_size > rest_.size() - data_at) {
      return Err(Errno::EINVAL);
    }
    const char* name = reinterpret_cast<const char*>(rest_.data()) + kHeaderSize;
    if (name[name_size - 1] != 0) return Err(Errno::EINVAL);
    entry.name = {name, name_size - 1};
    entry.inode = fields[0], entry.mode = fields[1], entry.uid = fields[2], entry.gid = fields[3];
    entry.links = fields[4], entry.modify_time = fields[5];
    entry.device_major = fields[9], entry.device_minor = fields[10];
    entry.data = rest_.subspan(data_at, file_size);
    skip(align_up(data_at + file_size, 4));
    if (entry.name != "TRAILER!!!") return true;
  }
}

}  // namespace lib
