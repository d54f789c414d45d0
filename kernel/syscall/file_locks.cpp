#include "kernel/syscall/file_locks.hpp"

#include "fs/vfs/locks.hpp"
#include "gen/syscall_decl.hpp"
#include "kernel/proc/process.hpp"
#include "kernel/syscall/path_argument.hpp"

namespace syscall {
namespace {

using vfs::FileLock;
using vfs::LockFamily;
using vfs::LockType;

// struct flock (include/uapi/asm-generic/fcntl.h).
struct UserLock {
  i16 type;
  i16 whence;
  i32 padding;
  i64 start;
  i64 length;
  i32 pid;
  i32 padding2;
};
static_assert(sizeof(UserLock) == 32);

// The bytes that are meant: `length` may be negative (what lies before `start`) or 0 (to the end).
Status read_range(vfs::File& file, const UserLock& user, FileLock& lock) {
  i64 base = 0;
  switch (user.whence) {
    case 0: break;
    case 1: base = static_cast<i64>(TRY(file.seek(0, vfs::Whence::Current))); break;
    case 2: base = static_cast<i64>(file.inode()->size()); break;
    default: return Err(Errno::EINVAL);
  }
  i64 start = 0, end = 0;
  if (__builtin_add_overflow(base, user.start, &start)) return Err(Errno::EOVERFLOW);
  if (start < 0) return Err(Errno::EINVAL);
  if (user.length > 0) {
    if (__builtin_add_overflow(start, user.length - 1, &end)) return Err(Errno::EOVERFLOW);
    lock.end = static_cast<u64>(end);
  } else if (user.length < 0) {
    if (start + user.length < 0) return Err(Errno::EINVAL);
    lock.end = static_cast<u64>(start - 1);
    start += user.length;
  }
  lock.start = static_cast<u64>(start);
  return {};
}

Result<FileLock> read_lock(vfs::File& file, const UserLock& user, bool of_file) {
  FileLock lock;
  if (user.type < 0 || user.type > 2) return Err(Errno::EINVAL);
  lock.type = static_cast<LockType>(user.type);
  TRY(read_range(file, user, lock));
  if (of_file) {
    if (user.pid != 0) return Err(Errno::EINVAL);
    lock.owner = {.key = &file, .pid = -1};
  } else {
    lock.owner = {.key = proc::current_thread().files.get(), .pid = proc::current_process().pid};
  }
  return lock;
}

Result<i64> tell_conflict(vfs::File& file, UserLock user, const FileLock& wanted, VirtAddr argument) {
  if (wanted.type == LockType::None) return Err(Errno::EINVAL);
  const FileLock other = find_conflict(*file.inode(), wanted);
  user.type = static_cast<i16>(other.type);
  if (other.type != LockType::None) {
    user.whence = 0;
    user.start = static_cast<i64>(other.start);
    user.length = other.end == vfs::kLockEnd ? 0 : static_cast<i64>(other.end - other.start + 1);
    user.pid = other.owner.pid;
  }
  TRY(mm::UserOut<UserLock>(argument).put(user));
  return 0;
}

}  // namespace

Result<i64> lock_control(vfs::File& file, u32 command, VirtAddr argument) {
  constexpr u32 kGet = 5, kSetWait = 7, kGetOfFile = 36, kSetWaitOfFile = 38;  // kSet is between them
  const bool of_file = command >= kGetOfFile && command <= kSetWaitOfFile;
  if (!of_file && (command < kGet || command > kSetWait)) return Err(Errno::EINVAL);
  const UserLock user = TRY(mm::UserIn<UserLock>(argument).get());
  const FileLock wanted = TRY(read_lock(file, user, of_file));
  if (command == kGet || command == kGetOfFile) return tell_conflict(file, user, wanted, argument);
  if (wanted.type == LockType::Read && !file.is_readable()) return Err(Errno::EBADF);
  if (wanted.type == LockType::Write && !file.is_writable()) return Err(Errno::EBADF);
  const bool wait = command == kSetWait || command == kSetWaitOfFile;
  TRY(set_lock(*file.inode(), LockFamily::Record, wanted, wait));
  return 0;
}

Result<i64> sys_flock(int fd, u32 operation) {
  constexpr u32 kShared = 1, kExclusive = 2, kNoWait = 4, kUnlock = 8;
  auto file = TRY(file_of(fd));
  FileLock wanted;
  wanted.owner.key = file.get();
  wanted.owner.pid = -1;
  switch (operation & ~kNoWait) {
    case kShared: wanted.type = LockType::Read; break;
    case kExclusive: wanted.type = LockType::Write; break;
    case kUnlock: wanted.type = LockType::None; break;
    default: return Err(Errno::EINVAL);
  }
  TRY(set_lock(*file->inode(), LockFamily::Whole, wanted, (operation & kNoWait) == 0));
  return 0;
}

}  // namespace syscall
