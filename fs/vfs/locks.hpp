// Advisory locks on files: POSIX record locks (fcntl), open-file-description locks, and flock's.
//
// All locks of all files are in one table under one sleeping lock: they are few and rare. A lock belongs to an owner: a
// process's descriptors for POSIX locks, an open file for the others. Record locks (POSIX and open file description)
// conflict with each other; flock's live in a world of their own, as on Linux.
#pragma once

#include "fs/vfs/file.hpp"

namespace vfs {

enum class LockType : u8 { Read = 0, Write = 1, None = 2 };  // F_RDLCK, F_WRLCK, F_UNLCK
enum class LockFamily : u8 { Record, Whole };                // fcntl's, flock's

struct LockOwner {
  const void* key = nullptr;  // the descriptors' table, or the open file
  i32 pid = 0;                // shown to others; -1 for locks of an open file
  bool operator==(const LockOwner& other) const { return key == other.key; }
};

// Bytes [start, end]; `end` is kLockEnd for "to the end, however far the file grows".
inline constexpr u64 kLockEnd = ~u64{0};
struct FileLock {
  LockType type = LockType::None;
  u64 start = 0, end = kLockEnd;
  LockOwner owner;
};

// The first lock that keeps `wanted` from being granted; its type is None where none does.
FileLock find_conflict(const Inode& inode, const FileLock& wanted);
// Sets, changes (by the same owner) or with None removes a lock. EAGAIN where another has it and `wait` is false;
// waiting: ERESTARTSYS, EDEADLK. ENOLCK: no memory. May sleep.
Status set_lock(const Inode& inode, LockFamily family, const FileLock& wanted, bool wait);
// Everything that the owner has on that file, or on any. Cheap where there are no locks at all. May sleep.
void release_locks(const Inode& inode, LockFamily family, const void* owner);
void release_locks_of_file(const File& file);

}  // namespace vfs
