// Contents of tmpfs files and symlinks.

#include <algorithm>
#include <cstring>

#include "fs/tmpfs/tmpfs.hpp"

namespace tmpfs {
namespace {

// fallocate(2) mode bits (include/uapi/linux/falloc.h).
constexpr u32 kKeepSize = 1, kPunchHole = 2;

}  // namespace

vfs::Attributes TmpfsInode::attributes() {
  vfs::Attributes result = Inode::attributes();
  if (object_) result.blocks = object_->resident_pages() * (kPageSize / 512);
  return result;
}

Result<usize> TmpfsInode::read_link(std::span<char> buffer) {
  if (type() != vfs::FileType::Symlink) return Err(Errno::EINVAL);
  const usize length = std::min(buffer.size(), target_.size());
  std::memcpy(buffer.data(), target_.c_str(), length);
  return length;
}

void TmpfsInode::set_size(u64 size) {
  Inode::set_size(size);
  object_->grow_limit(size);
}

Status TmpfsInode::truncate(u64 size) {
  if (!object_) return Err(Errno::EINVAL);
  const bool shrinks = size < this->size();
  Inode::set_size(size);
  if (shrinks) {
    object_->cut(size);
  } else {
    object_->grow_limit(size);
  }
  return {};
}

Status TmpfsInode::allocate_space(u32 mode, u64 offset, u64 length) {
  if (!object_ || (mode & ~(kKeepSize | kPunchHole)) != 0) return Err(Errno::EOPNOTSUPP);
  const u64 first = pages_for(offset);
  const u64 end_page = (offset + length) >> kPageShift;
  if ((mode & kPunchHole) != 0) {
    if ((mode & kKeepSize) == 0) return Err(Errno::EOPNOTSUPP);
    // The parts of pages at both ends are zeroed, whole pages between them go.
    const auto zero = [&](u64 from, u64 to) {
      if (mm::PageFrame* frame = object_->cached_page(from >> kPageShift)) {
        std::memset(static_cast<u8*>(mm::memory_of(frame)) + (from & kPageMask), 0, to - from);
        mm::release_frame(frame);
      }
    };
    if (first > end_page) {
      zero(offset, offset + length);
      return {};
    }
    if ((offset & kPageMask) != 0) zero(offset, first << kPageShift);
    if (((offset + length) & kPageMask) != 0) zero(end_page << kPageShift, offset + length);
    if (end_page > first) object_->punch(first, end_page - first);
    return {};
  }
  for (u64 page = offset >> kPageShift; page < pages_for(offset + length); ++page) {
    mm::release_frame(TRY(object_->page_for_write(page)));
  }
  if ((mode & kKeepSize) == 0 && offset + length > size()) set_size(offset + length);
  return {};
}

}  // namespace tmpfs
