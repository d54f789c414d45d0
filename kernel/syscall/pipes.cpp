#include "gen/syscall_decl.hpp"
#include "kernel/ipc/pipe.hpp"
#include "kernel/syscall/path_argument.hpp"

namespace syscall {

Result<i64> sys_pipe2(mm::UserOut<i32> ends, u32 flags) {
  auto pipe = TRY(ipc::make_pipe(flags & kONonblock));
  proc::FileTable& files = *proc::current_thread().files;
  const usize limit = proc::current_process().limit_of(proc::limit::kFiles);
  const bool close_on_exec = (flags & kOCloexec) != 0;
  const int read = TRY(files.install(std::move(pipe.read), close_on_exec, limit));
  const auto write = files.install(std::move(pipe.write), close_on_exec, limit);
  if (!write) {
    static_cast<void>(files.remove(read));
    return Err(write.error());
  }
  const i32 numbers[2] = {read, *write};
  const Status copied = ends.put(std::span<const i32>(numbers));
  if (!copied) {
    static_cast<void>(files.remove(read));
    static_cast<void>(files.remove(*write));
    return Err(copied.error());
  }
  return 0;
}

Result<i64> sys_pipe(mm::UserOut<i32> ends) { return sys_pipe2(ends, 0); }

}  // namespace syscall
