#include "kernel/proc/files.hpp"

#include "fs/vfs/locks.hpp"

namespace proc {

Result<lib::Ref<vfs::File>> FileTable::get(int fd) {
  return slots_.with([&](Slots& slots) -> Result<lib::Ref<vfs::File>> {
    const usize index = static_cast<usize>(fd);
    if (fd < 0 || index >= slots.list.size() || !slots.list[index].file) return Err(Errno::EBADF);
    return slots.list[index].file;
  });
}

// The new array is made outside the lock; somebody else may have grown it meanwhile.
Status FileTable::grow_to(usize size) {
  usize capacity = 64;
  while (capacity < size) capacity *= 2;
  lib::Vector<Slot> fresh;
  TRY(fresh.resize(capacity));
  slots_.with([&](Slots& slots) {
    if (slots.list.size() >= capacity) return;
    for (usize i = 0; i < slots.list.size(); ++i) std::swap(fresh[i], slots.list[i]);
    std::swap(fresh, slots.list);
  });
  return {};
}

Result<int> FileTable::install(lib::Ref<vfs::File> file, bool close_on_exec, usize limit, int minimum) {
  for (;;) {
    usize wanted = 0;
    const int fd = slots_.with([&](Slots& slots) {
      usize index = std::max(slots.lowest_free, static_cast<usize>(minimum));
      while (index < slots.list.size() && slots.list[index].file) ++index;
      if (static_cast<usize>(minimum) <= slots.lowest_free) slots.lowest_free = index;
      wanted = index;
      if (index >= slots.list.size() || index >= limit) return -1;
      slots.list[index].file = std::move(file);
      slots.list[index].close_on_exec = close_on_exec;
      return static_cast<int>(index);
    });
    if (fd >= 0) return fd;
    if (wanted >= limit) return Err(Errno::EMFILE);
    TRY(grow_to(wanted + 1));
  }
}

Result<lib::Ref<vfs::File>> FileTable::install_at(int fd, lib::Ref<vfs::File> file, bool close_on_exec, usize limit) {
  if (fd < 0 || static_cast<usize>(fd) >= limit) return Err(Errno::EBADF);
  TRY(grow_to(static_cast<usize>(fd) + 1));
  return slots_.with([&](Slots& slots) {
    Slot& slot = slots.list[static_cast<usize>(fd)];
    std::swap(slot.file, file);
    slot.close_on_exec = close_on_exec;
    return file;
  });
}

Result<lib::Ref<vfs::File>> FileTable::remove(int fd) {
  return slots_.with([&](Slots& slots) -> Result<lib::Ref<vfs::File>> {
    const usize index = static_cast<usize>(fd);
    if (fd < 0 || index >= slots.list.size() || !slots.list[index].file) return Err(Errno::EBADF);
    slots.lowest_free = std::min(slots.lowest_free, index);
    slots.list[index].close_on_exec = false;
    return std::move(slots.list[index].file);
  });
}

Result<bool> FileTable::close_on_exec(int fd) {
  return slots_.with([&](Slots& slots) -> Result<bool> {
    const usize index = static_cast<usize>(fd);
    if (fd < 0 || index >= slots.list.size() || !slots.list[index].file) return Err(Errno::EBADF);
    return slots.list[index].close_on_exec;
  });
}

Status FileTable::set_close_on_exec(int fd, bool value) {
  return slots_.with([&](Slots& slots) -> Status {
    const usize index = static_cast<usize>(fd);
    if (fd < 0 || index >= slots.list.size() || !slots.list[index].file) return Err(Errno::EBADF);
    slots.list[index].close_on_exec = value;
    return {};
  });
}

int FileTable::next_open(int from) {
  return slots_.with([&](Slots& slots) {
    for (usize i = static_cast<usize>(from); i < slots.list.size(); ++i) {
      if (slots.list[i].file) return static_cast<int>(i);
    }
    return -1;
  });
}

void FileTable::close_range(u32 first, u32 last, bool mark_only) {
  for (int fd = next_open(static_cast<int>(std::min<u32>(first, INT32_MAX))); fd >= 0 && static_cast<u32>(fd) <= last;
       fd = next_open(fd + 1)) {
    if (mark_only) {
      static_cast<void>(set_close_on_exec(fd, true));
    } else if (auto file = remove(fd)) {
      static_cast<void>(close_file(*this, std::move(*file)));
    }
  }
}

void FileTable::close_for_exec() {
  for (int fd = next_open(0); fd >= 0; fd = next_open(fd + 1)) {
    if (!close_on_exec(fd).value_or(false)) continue;
    if (auto file = remove(fd)) static_cast<void>(close_file(*this, std::move(*file)));
  }
}

void FileTable::close_all() { close_range(0, ~u32{0}, false); }

Result<lib::Ref<FileTable>> FileTable::clone() {
  auto copy = TRY(lib::make_ref<FileTable>());
  Slots& target = copy->slots_.unshared();
  for (;;) {
    const usize size = slots_.with([](Slots& slots) { return slots.list.size(); });
    TRY(target.list.resize(size));
    const bool fits = slots_.with([&](Slots& slots) {
      if (slots.list.size() != size) return false;
      for (usize i = 0; i < size; ++i) {
        target.list[i].file = slots.list[i].file;
        target.list[i].close_on_exec = slots.list[i].close_on_exec;
      }
      target.lowest_free = slots.lowest_free;
      return true;
    });
    if (fits) return copy;
  }
}

Status close_file(const FileTable& owner, lib::Ref<vfs::File> file) {
  // POSIX: closing any descriptor of a file gives up all of the process's record locks on it.
  vfs::release_locks(*file->inode(), vfs::LockFamily::Record, &owner);
  return file->flush();
}

}  // namespace proc
