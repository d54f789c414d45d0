#include "fs/vfs/regular_file.hpp"

#include "fs/vfs/mount.hpp"
#include "fs/vfs/page_io.hpp"
#include "fs/vfs/write_back.hpp"
#include "kernel/mm/vm_object.hpp"

namespace vfs {
RegularFile::RegularFile(Path path, u32 flags) : File(std::move(path), flags), inode_(inode()) {
  if (is_writable()) this->path().mount().add_writer(1);
  if (mm::VmObject* pages = inode_->pages()) errors_seen_.store(pages->write_errors());
}

RegularFile::~RegularFile() {
  if (is_writable()) path().mount().add_writer(-1);
}

Result<usize> RegularFile::read(ReadBuffer& buffer, u64& position) {
  mm::VmObject* pages = inode_->pages();
  if (pages == nullptr) return Err(Errno::EINVAL);
  const auto done = read_through(*pages, buffer, position, [&] { return inode_->size(); });
  if (done && *done != 0 && (flags() & open_flag::kNoatime) == 0) inode_->note_access(path().mount().flags());
  return done;
}

Result<usize> RegularFile::write(WriteBuffer& buffer, u64& position) {
  mm::VmObject* pages = inode_->pages();
  if (pages == nullptr) return Err(Errno::EINVAL);
  if (buffer.empty()) return usize{0};
  auto contents = inode_->contents.lock();
  if ((flags() & open_flag::kAppend) != 0) position = inode_->size();
  if (position >= inode_->max_size()) return Err(Errno::EFBIG);
  buffer.limit(inode_->max_size() - position);
  if (position > inode_->size()) TRY(inode_->zero_tail());
  const auto done = write_through(*pages, buffer, position, [&](u64 end) {
    if (end > inode_->size()) inode_->set_size(end);
  });
  if (!done || !buffer.empty()) inode_->give_back_excess();
  if (!done) return done;
  inode_->touch(static_cast<u8>(Inode::Touch::Modify) | static_cast<u8>(Inode::Touch::Change));
  contents.unlock();
  const bool synchronous = (path().mount().flags() & mount_flag::kSynchronous) != 0;
  if (synchronous || (flags() & (open_flag::kDsync | open_flag::kSync)) != 0)
    TRY(sync(!synchronous && (flags() & open_flag::kSync) != open_flag::kSync));
  balance_dirty_pages();
  return done;
}

Status RegularFile::sync(bool data_only) {
  const Status synced = inode_->sync(data_only);
  mm::VmObject* pages = inode_->pages();
  if (pages == nullptr) return synced;
  // An error is told once to each open file, even when the write-back thread met it.
  const u32 errors = pages->write_errors();
  const bool is_new = errors_seen_.exchange(errors) != errors;
  if (synced && is_new) return Err(Errno::EIO);
  return synced;
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
  if (size > inode_->max_size()) return Err(Errno::EFBIG);
  auto contents = inode_->contents.lock();
  if (size > inode_->size()) TRY(inode_->zero_tail());
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
