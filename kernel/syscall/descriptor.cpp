#include "kernel/syscall/descriptor.hpp"

#include "kernel/mm/user_memory.hpp"
#include "kernel/proc/send_signal.hpp"

namespace syscall {

usize descriptor_limit() {
  return std::min<u64>(proc::current_process().limit_of(proc::limit::kFiles), proc::FileTable::kHardLimit);
}

Result<int> install_file(lib::Ref<vfs::File> file, bool close_on_exec) {
  return proc::current_thread().files->install(std::move(file), close_on_exec, descriptor_limit());
}

Status install_pair(lib::Ref<vfs::File> first, lib::Ref<vfs::File> second, bool close_on_exec, VirtAddr numbers) {
  proc::FileTable& files = *proc::current_thread().files;
  const int one = TRY(install_file(std::move(first), close_on_exec));
  const auto two = install_file(std::move(second), close_on_exec);
  if (!two) {
    static_cast<void>(files.remove(one));
    return Err(two.error());
  }
  const i32 pair[2] = {one, *two};
  const Status copied = mm::UserOut<i32>(numbers).put(std::span<const i32>(pair));
  if (!copied) {
    static_cast<void>(files.remove(one));
    static_cast<void>(files.remove(*two));
  }
  return copied;
}

void signal_broken_pipe() {
  static_cast<void>(proc::send_to_thread(proc::current_thread(), proc::user_signal(proc::signal_number::kPipe, 0)));
}

}  // namespace syscall
