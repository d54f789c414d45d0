// epoll: a set of files that is watched over many calls.
//
// An EpollFile's members are entries (Item) by file and descriptor number. An entry holds no reference to its file: the
// file tells when it goes (vfs::FileWatch). Each entry has a waiter in every queue that the file's poll() named; the
// waiter puts the entry on the set's ready list, and collect() asks the files on that list what they have.
//
// Locks, in this order: the tree lock (one for all: edges between epoll sets, and files that go), the set's members
// (a mutex; the outer set's before the inner's), the ready list (any context, under a wait queue's lock).
// Invariants: (1) sets contain each other without a circle and at most kMaxDepth deep, so that recursion ends;
// (2) an entry that may have events is on the ready list or being looked at; (3) as long as an entry exists its file is
// not destroyed, because that takes the members lock first.
#pragma once

#include "fs/vfs/file.hpp"

namespace ipc {

namespace epoll_flag {
inline constexpr u32 kExclusive = u32{1} << 28, kWakeUp = u32{1} << 29, kOneShot = u32{1} << 30, kEdge = u32{1} << 31;
}

// Takes the events of one wait, in order. False: it could not be stored (EFAULT).
class EpollSink {
 public:
  virtual bool put(u32 events, u64 data) = 0;

 protected:
  ~EpollSink() = default;
};

// epoll_create1. ENOMEM.
Result<lib::Ref<vfs::File>> make_epoll();

// epoll_ctl on `set`, which must be an epoll file (EINVAL). `fd` is the number by which `file` was named.
// EEXIST, ENOENT, EPERM (the file cannot be waited for), EINVAL, ELOOP, ENOMEM. May sleep.
Status epoll_add(vfs::File& set, vfs::File& file, int fd, u32 events, u64 data);
Status epoll_modify(vfs::File& set, vfs::File& file, int fd, u32 events, u64 data);
Status epoll_remove(vfs::File& set, vfs::File& file, int fd);

// Waits until at least one member has something, at most until `deadline_ns` of the monotonic clock; the number of
// events put (0: the time is over). EINTR after a signal, EFAULT if not one could be stored, EINVAL: not an epoll file.
Result<usize> epoll_wait(vfs::File& set, EpollSink& sink, usize most, u64 deadline_ns);

}  // namespace ipc
