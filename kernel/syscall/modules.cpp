// Driver packages: finit_module, init_module, delete_module. What is verified is the kernel's own copy.
#include "gen/syscall_decl.hpp"
#include "kernel/device/package/last_error.hpp"
#include "kernel/device/package/load.hpp"
#include "kernel/lib/ajdrv/format.h"
#include "kernel/proc/process.hpp"
#include "kernel/syscall/path_argument.hpp"

namespace syscall {
namespace {

constexpr usize kMostParameters = 256;

Status require_right() {
  const bool may = proc::current_thread().credentials->has(vfs::Capability::SysModule);
  return may ? Status() : Status(Err(Errno::EPERM));
}

Result<i64> load(device::Pages copy, usize size, mm::UserString parameters) {
  char text[kMostParameters];
  const usize length = TRY(parameters.copy(text, Errno::EINVAL));
  TRY(device::load_package(std::move(copy), size, {text, length}));
  return 0;
}

// The size of the file; it may change afterwards, which copying notices.
Result<usize> size_of(vfs::File& file) {
  if (!file.is_readable()) return Err(Errno::EBADF);
  if (!file.has_position()) return Err(Errno::EINVAL);
  const u64 position = TRY(file.seek(0, vfs::Whence::Current));
  const u64 size = TRY(file.seek(0, vfs::Whence::End));
  TRY(file.seek(static_cast<i64>(position), vfs::Whence::Set));
  if (size > AJDRV_MAX_SIZE) return Err(device::refuse(AJDRV_E_TOO_LARGE));
  return size;
}

// Reads as much as there is, at most `size`.
Result<usize> read_all(vfs::File& file, u8* to, usize size) {
  u64 position = 0;
  while (position < size) {
    vfs::ReadBuffer buffer = vfs::ReadBuffer::kernel(to + position, size - position);
    const usize got = TRY(file.read(buffer, position));
    if (got == 0) break;
  }
  return position;
}

}  // namespace

Result<i64> sys_finit_module(int fd, mm::UserString parameters, u32 /*flags: none is known*/) {
  TRY(require_right());
  const auto file = TRY(file_of(fd));
  const usize size = TRY(size_of(*file));
  auto copy = TRY(device::Pages::create(size == 0 ? 1 : size));
  const usize got = TRY(read_all(*file, copy.data(), size));
  return load(std::move(copy), got, parameters);
}

Result<i64> sys_init_module(VirtAddr image, usize size, mm::UserString parameters) {
  TRY(require_right());
  if (size > AJDRV_MAX_SIZE) return Err(device::refuse(AJDRV_E_TOO_LARGE));
  auto copy = TRY(device::Pages::create(size == 0 ? 1 : size));
  TRY(mm::copy_from_user(copy.data(), image, size));
  return load(std::move(copy), size, parameters);
}

Result<i64> sys_delete_module(mm::UserString name, u32 /*flags: removal never waits for users*/) {
  TRY(require_right());
  char text[AJDRV_NAME_SIZE];
  const usize length = TRY(name.copy(text, Errno::ENOENT));
  TRY(device::unload_package({text, length}));
  return 0;
}

}  // namespace syscall
