// Open files: descriptors, reading and writing.

#include "gen/syscall_decl.hpp"
#include "kernel/mm/vm_object.hpp"
#include "kernel/syscall/descriptor.hpp"
#include "kernel/syscall/file_locks.hpp"
#include "kernel/syscall/open_flags.hpp"
#include "kernel/syscall/path_argument.hpp"
#include "kernel/syscall/vector_argument.hpp"

namespace syscall {
namespace {

Result<lib::Ref<vfs::File>> readable(int fd) {
  auto file = TRY(file_of(fd));
  if (!file->is_readable()) return Err(Errno::EBADF);
  return file;
}

Result<lib::Ref<vfs::File>> writable(int fd) {
  auto file = TRY(file_of(fd));
  if (!file->is_writable()) return Err(Errno::EBADF);
  return file;
}

// A broken pipe is a signal as well as an error.
Result<i64> finish_write(Result<usize> written) {
  if (written) return static_cast<i64>(*written);
  if (written.error() == Errno::EPIPE) signal_broken_pipe();
  return Err(written.error());
}

Result<i64> finish_read(Result<usize> read) {
  if (!read) return Err(read.error());
  return static_cast<i64>(*read);
}

Result<i64> open_at(int directory, mm::UserString path, u32 flags, u32 mode) {
  const u32 translated = TRY(open_flags_from_user(flags));
  const PathArgument name = TRY(PathArgument::copy(path));
  const vfs::WalkContext context = TRY(context_for(directory, name.text()));
  const u32 permissions = mode & vfs::kPermissionMask & ~proc::current_thread().directories->umask();
  auto file = TRY(vfs::open(context, name.text(), translated, permissions));
  const bool close_on_exec = (translated & vfs::open_flag::kCloexec) != 0;
  return TRY(proc::current_thread().files->install(std::move(file), close_on_exec, descriptor_limit()));
}

Status must_have_position(vfs::File& file, i64 offset) {
  if (offset < 0) return Err(Errno::EINVAL);
  if (!file.has_position()) return Err(Errno::ESPIPE);
  return {};
}

}  // namespace

Result<i64> sys_read(int fd, VirtAddr buffer, usize size) {
  auto file = TRY(readable(fd));
  if (!hal::is_user_range(buffer, size)) return Err(Errno::EFAULT);
  vfs::ReadBuffer target = vfs::ReadBuffer::user(buffer, std::min(size, kMaxTransfer));
  return finish_read(file->read_at_offset(target));
}

Result<i64> sys_write(int fd, VirtAddr buffer, usize size) {
  auto file = TRY(writable(fd));
  if (!hal::is_user_range(buffer, size)) return Err(Errno::EFAULT);
  vfs::WriteBuffer source = vfs::WriteBuffer::user(buffer, std::min(size, kMaxTransfer));
  return finish_write(file->write_at_offset(source));
}

Result<i64> sys_pread64(int fd, VirtAddr buffer, usize size, i64 offset) {
  auto file = TRY(readable(fd));
  TRY(must_have_position(*file, offset));
  if (!hal::is_user_range(buffer, size)) return Err(Errno::EFAULT);
  vfs::ReadBuffer target = vfs::ReadBuffer::user(buffer, std::min(size, kMaxTransfer));
  u64 position = static_cast<u64>(offset);
  return finish_read(file->read(target, position));
}

Result<i64> sys_pwrite64(int fd, VirtAddr buffer, usize size, i64 offset) {
  auto file = TRY(writable(fd));
  TRY(must_have_position(*file, offset));
  if (!hal::is_user_range(buffer, size)) return Err(Errno::EFAULT);
  vfs::WriteBuffer source = vfs::WriteBuffer::user(buffer, std::min(size, kMaxTransfer));
  u64 position = static_cast<u64>(offset);
  return finish_write(file->write(source, position));
}

Result<i64> sys_readv(int fd, mm::UserIn<IoVector> vector, usize count) {
  auto file = TRY(readable(fd));
  const auto segments = TRY(copy_vector(vector, count));
  vfs::ReadBuffer target = vfs::ReadBuffer::user(std::span<const vfs::Segment>(segments));
  return finish_read(file->read_at_offset(target));
}

Result<i64> sys_writev(int fd, mm::UserIn<IoVector> vector, usize count) {
  auto file = TRY(writable(fd));
  const auto segments = TRY(copy_vector(vector, count));
  vfs::WriteBuffer source = vfs::WriteBuffer::user(std::span<const vfs::Segment>(segments));
  return finish_write(file->write_at_offset(source));
}

Result<i64> sys_preadv(int fd, mm::UserIn<IoVector> vector, usize count, u64 offset_low, u64) {
  auto file = TRY(readable(fd));
  TRY(must_have_position(*file, static_cast<i64>(offset_low)));
  const auto segments = TRY(copy_vector(vector, count));
  vfs::ReadBuffer target = vfs::ReadBuffer::user(std::span<const vfs::Segment>(segments));
  return finish_read(file->read(target, offset_low));
}

Result<i64> sys_pwritev(int fd, mm::UserIn<IoVector> vector, usize count, u64 offset_low, u64) {
  auto file = TRY(writable(fd));
  TRY(must_have_position(*file, static_cast<i64>(offset_low)));
  const auto segments = TRY(copy_vector(vector, count));
  vfs::WriteBuffer source = vfs::WriteBuffer::user(std::span<const vfs::Segment>(segments));
  return finish_write(file->write(source, offset_low));
}

Result<i64> sys_open(mm::UserString path, u32 flags, u32 mode) { return open_at(kAtCurrent, path, flags, mode); }
Result<i64> sys_openat(int directory, mm::UserString path, u32 flags, u32 mode) {
  return open_at(directory, path, flags, mode);
}
Result<i64> sys_creat(mm::UserString path, u32 mode) {
  using namespace vfs::open_flag;
  return open_at(kAtCurrent, path, kWriteOnly | kCreate | kTruncate, mode);
}

Result<i64> sys_close(int fd) {
  auto file = TRY(proc::current_thread().files->remove(fd));
  TRY(proc::close_file(*proc::current_thread().files, std::move(file)));
  return 0;
}

Result<i64> sys_close_range(u32 first, u32 last, u32 flags) {
  if (first > last) return Err(Errno::EINVAL);
  proc::current_thread().files->close_range(first, last, (flags & kCloseRangeCloexec) != 0);
  return 0;
}

Result<i64> sys_lseek(int fd, i64 offset, u32 whence) {
  auto file = TRY(file_of(fd));
  if (file->is_path_only()) return Err(Errno::EBADF);
  if (whence > static_cast<u32>(vfs::Whence::Hole)) return Err(Errno::EINVAL);
  return static_cast<i64>(TRY(file->seek(offset, static_cast<vfs::Whence>(whence))));
}

Result<i64> sys_ioctl(int fd, u32 request, VirtAddr argument) {
  constexpr u32 kFionbio = 0x5421, kFioclex = 0x5451, kFionclex = 0x5450;
  auto file = TRY(file_of(fd));
  if (file->is_path_only()) return Err(Errno::EBADF);
  switch (request) {
    case kFioclex:
    case kFionclex: TRY(proc::current_thread().files->set_close_on_exec(fd, request == kFioclex)); return 0;
    case kFionbio: {
      const u32 on = TRY(mm::UserIn<u32>(argument).get());
      const u32 bit = vfs::open_flag::kNonblock;
      file->set_flags(on != 0 ? file->flags() | bit : file->flags() & ~bit);
      file->flags_changed();
      return 0;
    }
    default: return file->control(request, argument);
  }
}

Result<i64> sys_dup(int fd) {
  return TRY(proc::current_thread().files->install(TRY(file_of(fd)), false, descriptor_limit()));
}

Result<i64> sys_dup3(int from, int to, u32 flags) {
  if (from == to) return Err(Errno::EINVAL);
  auto file = TRY(file_of(from));
  auto before =
      TRY(proc::current_thread().files->install_at(to, std::move(file), (flags & kOCloexec) != 0, descriptor_limit()));
  if (before) static_cast<void>(proc::close_file(*proc::current_thread().files, std::move(before)));
  return to;
}

Result<i64> sys_dup2(int from, int to) {
  if (from == to) {
    TRY(file_of(from));
    return to;
  }
  return sys_dup3(from, to, 0);
}

Result<i64> sys_fcntl(int fd, u32 command, u64 argument) {
  constexpr u32 kDupfd = 0, kGetfd = 1, kSetfd = 2, kGetfl = 3, kSetfl = 4, kDupfdCloexec = 1030;
  auto file = TRY(file_of(fd));
  proc::FileTable& files = *proc::current_thread().files;
  switch (command) {
    case kDupfd:
    case kDupfdCloexec:
      if (argument >= descriptor_limit()) return Err(Errno::EINVAL);
      return TRY(
          files.install(std::move(file), command == kDupfdCloexec, descriptor_limit(), static_cast<int>(argument)));
    case kGetfd: return TRY(files.close_on_exec(fd)) ? 1 : 0;
    case kSetfd: TRY(files.set_close_on_exec(fd, (argument & 1) != 0)); return 0;
    case kGetfl: return static_cast<i64>(open_flags_to_user(file->flags()));
    case kSetfl: {
      using namespace vfs::open_flag;
      constexpr u32 kChangeable = kAppend | kNonblock | kDirect | kNoatime | kAsync;
      const u32 wanted = TRY(open_flags_from_user(static_cast<u32>(argument) & ~kCreate));
      file->set_flags((file->flags() & ~kChangeable) | (wanted & kChangeable));
      file->flags_changed();
      return 0;
    }
    default: return lock_control(*file, command, argument);
  }
}

Result<i64> sys_fsync(int fd) {
  TRY(TRY(file_of(fd))->sync(false));
  return 0;
}

Result<i64> sys_fdatasync(int fd) {
  TRY(TRY(file_of(fd))->sync(true));
  return 0;
}

// Writes pages out, without the file system's own blocks and without a flush of the disk: no promise, as on Linux.
Result<i64> sys_sync_file_range(int fd, i64 offset, i64 length, u32 flags) {
  constexpr u32 kWaitBefore = 1, kWrite = 2, kWaitAfter = 4;
  auto file = TRY(file_of(fd));
  if (offset < 0 || length < 0 || offset > INT64_MAX - length) return Err(Errno::EINVAL);
  if (!file->has_position()) return Err(Errno::ESPIPE);
  lib::Ref<vfs::Inode> inode = file->inode();
  mm::VmObject* pages = inode->pages();
  if (pages == nullptr || (flags & (kWaitBefore | kWrite | kWaitAfter)) == 0) return 0;
  const u64 first = static_cast<u64>(offset) >> kPageShift;
  const u64 end = length == 0 ? ~u64{0} : pages_for(static_cast<u64>(offset + length));
  TRY(pages->write_back(first, end - first, (flags & (kWaitBefore | kWaitAfter)) != 0));
  return 0;
}

Result<i64> sys_ftruncate(int fd, i64 length) {
  auto file = TRY(file_of(fd));
  if (length < 0 || !file->is_writable()) return Err(Errno::EINVAL);
  TRY(file->truncate(static_cast<u64>(length)));
  return 0;
}

Result<i64> sys_fallocate(int fd, u32 mode, i64 offset, i64 length) {
  auto file = TRY(writable(fd));
  if (offset < 0 || length <= 0) return Err(Errno::EINVAL);
  if (offset > INT64_MAX - length) return Err(Errno::EFBIG);
  lib::Ref<vfs::Inode> inode = file->inode();
  if (inode->type() == vfs::FileType::Fifo) return Err(Errno::ESPIPE);
  if (inode->type() != vfs::FileType::Regular) return Err(Errno::ENODEV);
  auto contents = inode->contents.lock();
  TRY(inode->allocate_space(mode, static_cast<u64>(offset), static_cast<u64>(length)));
  return 0;
}

Result<i64> sys_sendfile(int to, int from, mm::UserInOut<i64> offset, usize count) {
  auto source = TRY(readable(from));
  auto target = TRY(writable(to));
  if (!source->has_position()) return Err(Errno::EINVAL);
  u64 position = 0;
  if (offset) {
    const i64 start = TRY(offset.get());
    if (start < 0) return Err(Errno::EINVAL);
    position = static_cast<u64>(start);
  } else {
    position = TRY(source->seek(0, vfs::Whence::Current));
  }
  lib::Vector<u8> page;
  TRY(page.resize(kPageSize));
  i64 sent = 0;
  Status failure;
  while (count != 0) {
    vfs::ReadBuffer into = vfs::ReadBuffer::kernel(page.data(), std::min(count, kPageSize));
    u64 at = position;
    const auto got = source->read(into, at);
    if (!got || *got == 0) {
      if (!got) failure = Err(got.error());
      break;
    }
    vfs::WriteBuffer out = vfs::WriteBuffer::kernel(page.data(), *got);
    const auto put = finish_write(target->write_at_offset(out));
    if (!put) {
      failure = Err(put.error());
      break;
    }
    position += static_cast<u64>(*put);
    sent += *put;
    count -= static_cast<usize>(*put);
    if (static_cast<usize>(*put) < *got) break;
  }
  if (sent == 0 && !failure) return Err(failure.error());
  if (offset) {
    TRY(offset.put(static_cast<i64>(position)));
  } else {
    TRY(source->seek(static_cast<i64>(position), vfs::Whence::Set));
  }
  return sent;
}

}  // namespace syscall
