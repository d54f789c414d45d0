#include "kernel/syscall/vector_argument.hpp"

namespace syscall {

Result<lib::Vector<vfs::Segment>> copy_vector(mm::UserIn<IoVector> vector, usize count, Errno too_many) {
  if (count > kMaxVector) return Err(too_many);
  lib::Vector<vfs::Segment> segments;
  TRY(segments.reserve(count));
  usize total = 0;
  for (usize i = 0; i < count; ++i) {
    const IoVector entry = TRY(vector.get(i));
    if (static_cast<i64>(entry.size) < 0) return Err(Errno::EINVAL);
    if (!hal::is_user_range(entry.base, entry.size)) return Err(Errno::EFAULT);
    const usize size = std::min<usize>(entry.size, kMaxTransfer - total);
    total += size;
    TRY(segments.push({entry.base, size}));
  }
  return segments;
}

}  // namespace syscall
