// Clean, in use, damaged: what the superblock says of the whole.

#include "fs/ext2/volume.hpp"
#include "fs/vfs/inode.hpp"
#include "kernel/diag/log.hpp"

namespace ext2 {
namespace {

// A commit before an operation, when so many blocks wait: bounds memory, and what a power cut takes.
constexpr usize kMostDirty = 1024;
constexpr usize kMostCached = 2048;

}  // namespace

std::unexpected<Errno> Volume::corrupted(const char* what, u64 number) {
  constexpr u32 kMostComplaints = 10;
  if (complaints_ < kMostComplaints) {
    ++complaints_;
    LOG_ERROR("ext2", "%s: %s (%lu); run e2fsck", cache_.device().name(), what, number);
  }
  static_cast<void>(fail(Errno::EUCLEAN, "the file system is damaged"));
  return Err(Errno::EUCLEAN);
}

Status Volume::fail(Errno error, const char* what) {
  if (!read_only_ && !failed_) {
    failed_ = true;
    LOG_ERROR("ext2", "%s: %s (error %d): no more writing", cache_.device().name(), what, static_cast<int>(error));
    super_->state = static_cast<u16>((super_->state & ~kStateClean) | kStateErrors);
    // Just this block, and no matter if it fails: the mark of being in use stands there since the mount.
    static_cast<void>(write_as_of(*super_block_, 3, 0));
  }
  read_only_ = true;
  return Err(error);
}

Status Volume::begin_change() {
  if (read_only_) return Err(Errno::EROFS);
  if (cache_.dirty_count() > kMostDirty) TRY(commit());
  cache_.trim(kMostCached);
  return {};
}

Status Volume::start_writing() {
  if (!geometry_.can_write || failed_) return Err(Errno::EROFS);
  if (cache_.device().is_read_only()) return Err(Errno::EACCES);
  if ((super_->state & kStateClean) == 0) {
    LOG_WARNING("ext2", "%s was not unmounted cleanly: e2fsck should look at it", cache_.device().name());
  }
  if ((super_->state & kStateErrors) != 0) {
    LOG_WARNING("ext2", "%s has errors: e2fsck should look at it", cache_.device().name());
  }
  read_only_ = false;
  clean_before_ = super_->state;
  super_->state = static_cast<u16>(super_->state & ~kStateClean);
  super_->mount_time = disk_seconds(vfs::now());
  ++super_->mount_count;
  mark_dirty(*super_block_);
  return commit();
}

Status Volume::stop_writing() {
  if (read_only_) return {};
  TRY(commit());
  // What was not clean before us is not clean because we left: only e2fsck says so.
  if (orphans_ == 0) super_->state = static_cast<u16>(super_->state | (clean_before_ & kStateClean));
  super_->write_time = disk_seconds(vfs::now());
  mark_dirty(*super_block_);
  TRY(commit());
  read_only_ = true;
  return {};
}

void Volume::note_large_file() {
  if (super_->revision == 0 || (super_->read_only_compatible & kReadOnlyLargeFile) != 0) return;
  super_->read_only_compatible |= kReadOnlyLargeFile;
  mark_dirty(*super_block_);
}

void Volume::set_last_orphan(u32 inode) {
  super_->last_orphan = inode;
  mark_dirty(*super_block_);
}

}  // namespace ext2
