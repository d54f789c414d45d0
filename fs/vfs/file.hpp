// Open files: what a descriptor refers to (POSIX's open file description).
//
// Derived classes are the kinds: regular files and directories here, pipes, terminals, sockets, event files elsewhere.
// The generic part has the place in the tree, the status flags and the offset. Descriptors that were duplicated or
// inherited share one File.
#pragma once

#include "fs/vfs/buffer.hpp"
#include "fs/vfs/path.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace vfs {

// Collects the wait queues that poll() would wait on.
class PollTable {
 public:
  virtual void add(sync::WaitQueue& queue) = 0;

 protected:
  ~PollTable() = default;
};

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
