#include "fs/vfs/regular_file.hpp"

#include "kernel/mm/vm_object.hpp"

namespace vfs {
namespace {

constexpr u64 kMaxFileSize = INT64_MAX;

u8* bytes_of(mm::PageFrame* frame) { return static_cast<u8*>(mm::memory_of(frame)); }

}  // namespace

Result<usize> RegularFile::read(ReadBuffer& buffer, u64& position) {
  mm::VmObject* pages = inode_->pages();
  if (pages == nullptr) return Err(Errno::EINVAL);
  usize done = 0;
  while (!buffer.empty()) {
    const u64 size = inode_->size();
    if (position >= size) break;
    const usize offset = position & kPageMask;
    const usize piece = std::min<u64>({kPageSize - offset, size - position, buffer.remaining()});
    const auto frame = pages->page(position >> kPageShift);
    if (!frame) {
      if (done != 0) break;
      return Err(frame.error());
    }
    const usize moved = buffer.put(bytes_of(*frame) + offset, piece);
    mm::release_frame(*frame);
    done += moved;
    position += moved;
    if (moved != piece) {
      if (done == 0) return Err(Errno::EFAULT);
      break;
    }
  }
  if (done != 0 && (flags() & open_flag::kNoatime) == 0) inode_->touch(static_cast<u8>(Inode::Touch::Access));
  return done;
}

Result<usize> RegularFile::write(WriteBuffer& buffer, u64& position) {
  mm::VmObject* pages = inode_->pages();
  if (pages == nullptr) return Err(Errno::EINVAL);
  if (buffer.empty()) return usize{0};
  auto contents = inode_->contents.lock();
  if ((flags() & open_flag::kAppend) != 0) position = inode_->size();
  if (position >= kMaxFileSize) return Err(Errno::EFBIG);
  buffer.limit(kMaxFileSize - position);
  usize done = 0;
  while (!buffer.empty()) {
    const usize offset = position & kPageMask;
    const usize piece = std::min<usize>(kPageSize - offset, buffer.remaining());
    const auto frame = pages->page_for_write(position >> kPageShift);
    if (!frame) {
      if (done != 0) break;
      return Err(frame.error());
    }
    const usize moved = buffer.take(bytes_of(*frame) + offset, piece);
    mm::release_frame(*frame);
    done += moved;
    position += moved;
    if (position > inode_->size()) inode_->set_size(position);
    if (moved != piece) {
      if (done == 0) return Err(Errno::EFAULT);
      break;
    }
  }
  inode_->touch(static_cast<u8>(Inode::Touch::Modify) | static_cast<u8>(Inode::Touch::Change));
  contents.unlock();
  if ((flags() & (open_flag::kDsync | open_flag::kSync)) != 0)
    TRY(inode_->sync((flags() & open_flag::kSync) != open_flag::kSync));
  return done;
}

Result<u64> RegularFile::seek(i64 offset, Whence whence) {
  return offset_.with([&](Offset& state) -> Result<u64> {
    const u64 size = inode_->size();
    i64 base = 0;
    switch (whence) {
      case Whence::Set: break;
      case Whence::Current: base = static_cast<i64>(state.position); break;
      case Whence::End: base = static_cast<i64>(size); break;
      // Files here have no holes that anybody could tell from zeros: all is data, and the hole is at the end.
      case Whence::Data:
        if (offset < 0 || static_cast<u64>(offset) >= size) return Err(Errno::ENXIO);
        break;
      case Whence::Hole:
        if (offset < 0 || static_cast<u64>(offset) >= size) return Err(Errno::ENXIO);
        offset = static_cast<i64>(size);
        break;
      default: return Err(Errno::EINVAL);
    }
    i64 target = 0;
    if (__builtin_add_overflow(base, offset, &target)) return Err(Errno::EOVERFLOW);
    if (target < 0) return Err(Errno::EINVAL);
    state.position = static_cast<u64>(target);
    return state.position;
  });
}

Status RegularFile::truncate(u64 size) {
  if (size > kMaxFileSize) return Err(Errno::EFBIG);
  auto contents = inode_->contents.lock();
  TRY(inode_->truncate(size));
  inode_->touch(static_cast<u8>(Inode::Touch::Modify) | static_cast<u8>(Inode::Touch::Change));
  return {};
}

Result<lib::Ref<mm::VmObject>> RegularFile::mapping() {
  mm::VmObject* pages = inode_->pages();
  if (pages == nullptr) return Err(Errno::ENODEV);
  return lib::Ref<mm::VmObject>(pages);
}

}  // namespace vfs
