// Open files: what a descriptor refers to (POSIX's open file description).
//
// Derived classes are the kinds: regular files and directories here, pipes, terminals, sockets, event files elsewhere.
// The generic part has the place in the tree, the status flags and the offset. Descriptors that were duplicated or
// inherited share one File.
#pragma once

#include "fs/vfs/buffer.hpp"
#include "fs/vfs/path.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace vfs {

// Takes the wait queues on which a file's changes are told: for one call (poll, select), or for as long as the file and
// the watcher live (epoll). A queue that poll() names therefore lives at least as long as the file, and is woken with
// the events that became true (or ~0); it is the file's own, not one of a partner that may go first.
class PollTable {
 public:
  virtual void add(sync::WaitQueue& queue) = 0;

 protected:
  ~PollTable() = default;
};

// Hung into a file by somebody who watches it for longer than a call, without a reference. When the last reference to
// the file goes, the watchers are told before it is destroyed (set_watch_release) and take their entries away.
struct WatchTag;
struct FileWatch : lib::TaggedListNode<WatchTag> {};

// Marks what kind a file is, for those who must find their own again: each kind that needs it has one static object.
struct FileKind {};

enum class Whence : u8 { Set = 0, Current = 1, End = 2, Data = 3, Hole = 4 };

class File : public lib::RefCounted<File> {
 public:
  File(Path path, u32 flags) : path_(std::move(path)), flags_(flags) {}
  virtual ~File() = default;
  static void destroy_last(File* self);

  const Path& path() const { return path_; }
  Dentry& dentry() const { return path_.dentry(); }
  lib::Ref<Inode> inode() const { return path_.inode(); }

  u32 flags() const { return flags_.load(std::memory_order_relaxed); }
  void set_flags(u32 flags) { flags_.store(flags, std::memory_order_relaxed); }
  bool is_readable() const { return (flags() & open_flag::kAccessMask) != open_flag::kWriteOnly && !is_path_only(); }
  bool is_writable() const { return (flags() & open_flag::kAccessMask) != open_flag::kReadOnly && !is_path_only(); }
  bool is_nonblocking() const { return (flags() & open_flag::kNonblock) != 0; }
  bool is_path_only() const { return (flags() & open_flag::kPath) != 0; }

  // At `position`, which moves on by what was transferred. Partial transfers are results; an error means that nothing
  // was transferred. Files without positions ignore it. Access was checked. May sleep.
  virtual Result<usize> read(ReadBuffer& buffer, u64& position);
  virtual Result<usize> write(WriteBuffer& buffer, u64& position);
  // True where lseek, pread and pwrite make sense.
  virtual bool has_position() const { return false; }
  virtual Result<u64> seek(i64 offset, Whence whence);

  // The events that are true now; registers with `table` (if not null) for the others.
  virtual u32 poll(PollTable* table);
  // False where waiting makes no sense because everything is always ready (epoll refuses such files).
  virtual bool can_wait() const { return false; }
  virtual const FileKind* kind() const { return nullptr; }
  virtual Result<i64> control(u32 request, VirtAddr argument);  // ioctl; ENOTTY
  virtual Status list(DirectorySink& sink);                     // getdents; ENOTDIR
  virtual Status sync(bool data_only);
  virtual Status truncate(u64 size);
  // The pages to map; ENODEV where that is impossible.
  virtual Result<lib::Ref<mm::VmObject>> mapping();
  // A descriptor is closed (not necessarily the last): for locks and for reporting write errors.
  virtual Status flush() { return {}; }
  // O_NONBLOCK or O_ASYNC changed.
  virtual void flags_changed() {}

  // With the offset's lock held throughout, as read(2) and write(2) want it.
  Result<usize> read_at_offset(ReadBuffer& buffer);
  Result<usize> write_at_offset(WriteBuffer& buffer);

  struct Watches {
    lib::List<FileWatch, WatchTag> list;
  };
  sync::Locked<Watches, sync::LockClass::FileWatches> watches;
  // Called for a file with watchers, whose last reference went. During initialization.
  static void set_watch_release(void (*release)(File& file));

 protected:
  struct Offset {
    u64 position = 0;
  };
  sync::Locked<Offset, sync::LockClass::FilePosition> offset_;

 private:
  Path path_;
  std::atomic<u32> flags_;
};

}  // namespace vfs
