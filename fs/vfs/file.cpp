#include "fs/vfs/file.hpp"

#include "fs/vfs/locks.hpp"

#include "kernel/mm/vm_object.hpp"

namespace vfs {

namespace {
void (*g_watch_release)(File& file) = nullptr;
}

void File::set_watch_release(void (*release)(File& file)) { g_watch_release = release; }

void File::destroy_last(File* self) {
  const bool is_watched = self->watches.with([](Watches& watches) { return !watches.list.empty(); });
  if (is_watched) g_watch_release(*self);
  release_locks_of_file(*self);
  lib::destroy(self);
}

Result<usize> File::read(ReadBuffer&, u64&) { return Err(Errno::EINVAL); }
Result<usize> File::write(WriteBuffer&, u64&) { return Err(Errno::EINVAL); }
Result<u64> File::seek(i64, Whence) { return Err(Errno::ESPIPE); }
u32 File::poll(PollTable*) { return poll_event::kIn | poll_event::kOut; }
Result<i64> File::control(u32, VirtAddr) { return Err(Errno::ENOTTY); }
Status File::list(DirectorySink&) { return Err(Errno::ENOTDIR); }
Status File::sync(bool) { return Err(Errno::EINVAL); }
Status File::truncate(u64) { return Err(Errno::EINVAL); }
Result<lib::Ref<mm::VmObject>> File::mapping() { return Err(Errno::ENODEV); }

Result<usize> File::read_at_offset(ReadBuffer& buffer) {
  if (!has_position()) {
    u64 unused = 0;
    return read(buffer, unused);
  }
  return offset_.with([&](Offset& state) { return read(buffer, state.position); });
}

Result<usize> File::write_at_offset(WriteBuffer& buffer) {
  if (!has_position()) {
    u64 unused = 0;
    return write(buffer, unused);
  }
  return offset_.with([&](Offset& state) { return write(buffer, state.position); });
}

}  // namespace vfs
