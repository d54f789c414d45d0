#include "gen/syscall_decl.hpp"
#include "kernel/ipc/pipe.hpp"
#include "kernel/syscall/descriptor.hpp"

namespace syscall {

Result<i64> sys_pipe2(mm::UserOut<i32> ends, u32 flags) {
  auto pipe = TRY(ipc::make_pipe(flags & kONonblock));
  TRY(install_pair(std::move(pipe.read), std::move(pipe.write), (flags & kOCloexec) != 0, ends.address()));
  return 0;
}

Result<i64> sys_pipe(mm::UserOut<i32> ends) { return sys_pipe2(ends, 0); }

}  // namespace syscall
