// The descriptors of a process.
//
// Shared by the threads that were made with CLONE_FILES. The array grows by doubling; a look-up takes one spinning lock
// for a few instructions. Growing allocates before it locks.
#pragma once

#include "fs/vfs/file.hpp"
#include "kernel/lib/vector.hpp"

namespace proc {

class FileTable : public lib::RefCounted<FileTable> {
 public:
  static constexpr usize kHardLimit = 1 << 20;  // as Linux: fs.nr_open

  // EBADF.
  Result<lib::Ref<vfs::File>> get(int fd);
  // The lowest free descriptor that is at least `minimum` and below `limit`. EMFILE, ENOMEM.
  Result<int> install(lib::Ref<vfs::File> file, bool close_on_exec, usize limit, int minimum = 0);
  // At exactly `fd`; what was there is returned, to be closed by the caller. EBADF beyond the limit, ENOMEM.
  Result<lib::Ref<vfs::File>> install_at(int fd, lib::Ref<vfs::File> file, bool close_on_exec, usize limit);
  // Takes it out. EBADF.
  Result<lib::Ref<vfs::File>> remove(int fd);
  Result<bool> close_on_exec(int fd);
  Status set_close_on_exec(int fd, bool value);
  // Descriptors in [first, last] are closed, or marked.
  void close_range(u32 first, u32 last, bool mark_only);
  void close_for_exec();
  void close_all();

  Result<lib::Ref<FileTable>> clone();
  // The first open descriptor that is at least `from`, or -1.
  int next_open(int from);

 private:
  struct Slot {
    lib::Ref<vfs::File> file;
    bool close_on_exec = false;
  };
  struct Slots {
    lib::Vector<Slot> list;
    usize lowest_free = 0;  // no free slot is below
  };
  Status grow_to(usize size);

  sync::Locked<Slots, sync::LockClass::OpenFiles> slots_;
};

// A descriptor was taken out of `owner`: tells the file, gives up the record locks that go with it, then drops it. May
// sleep.
Status close_file(const FileTable& owner, lib::Ref<vfs::File> file);

}  // namespace proc
