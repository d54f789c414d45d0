#include "fs/vfs/text.hpp"

#include <algorithm>
#include <cstring>

#include "kernel/lib/format.hpp"

namespace vfs {

void Text::add(std::string_view text) {
  const usize at = bytes_.size();
  if (bytes_.grow_by_doubling(at + text.size()) && bytes_.resize(at + text.size())) {
    std::memcpy(bytes_.data() + at, text.data(), text.size());
  } else {
    failed_ = true;
  }
}

void Text::print(const char* format, ...) {
  char piece[512];
  va_list arguments;
  va_start(arguments, format);
  const usize length = lib::format_into_v(piece, sizeof(piece), format, arguments);
  va_end(arguments);
  add({piece, length});
}

Result<usize> TextFile::read(ReadBuffer& buffer, u64& position) {
  const std::string_view text = text_.view();
  if (position >= text.size()) return usize{0};
  const usize wanted = std::min(buffer.remaining(), text.size() - position);
  const usize moved = buffer.put(text.data() + position, wanted);
  if (moved == 0 && wanted != 0) return Err(Errno::EFAULT);
  position += moved;
  return moved;
}

Result<u64> TextFile::seek(i64 offset, Whence whence) {
  return offset_.with([&](Offset& state) -> Result<u64> {
    if (whence != Whence::Set && whence != Whence::Current) return Err(Errno::EINVAL);
    const i64 base = whence == Whence::Set ? 0 : static_cast<i64>(state.position);
    i64 target = 0;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) return Err(Errno::EINVAL);
    state.position = static_cast<u64>(target);
    return state.position;
  });
}

}  // namespace vfs
