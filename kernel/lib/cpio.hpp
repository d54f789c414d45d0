// CPIO archives in the "newc" format (the initramfs). Pure: reads bytes, trusts none of them.
#pragma once

#include <span>
#include <string_view>

#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"

namespace lib {

struct CpioEntry {
  std::string_view name;
  u32 inode = 0, mode = 0, uid = 0, gid = 0, links = 0, modify_time = 0;
  u32 device_major = 0, device_minor = 0;
  std::span<const u8> data;
};

class CpioReader {
 public:
  explicit CpioReader(std::span<const u8> archive) : rest_(archive) {}

  // The next entry; false at the trailer or the end. Several archives one after the other are read as one, as Linux
  // does. EINVAL for a damaged header, with position() saying where.
  Result<bool> next(CpioEntry& entry);
  usize position() const { return position_; }

 private:
  void skip(usize bytes);
  std::span<const u8> rest_;
  usize position_ = 0;
};

}  // namespace lib
