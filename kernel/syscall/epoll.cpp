// epoll: making sets, changing their members, waiting.

#include "kernel/ipc/epoll.hpp"
#include "gen/syscall_decl.hpp"
#include "kernel/syscall/descriptor.hpp"
#include "kernel/syscall/path_argument.hpp"
#include "kernel/syscall/signal_mask.hpp"
#include "kernel/syscall/time_argument.hpp"

namespace syscall {
namespace {

// struct epoll_event: 32 bits of events, and 64 of data behind them, at once or aligned.
constexpr usize kDataOffset = hal::UserAbi::kEpollEventPacked ? 4 : 8;
constexpr usize kEventSize = kDataOffset + sizeof(u64);
constexpr int kMostEvents = INT32_MAX / static_cast<int>(kEventSize);

enum class Operation : int { Add = 1, Remove = 2, Modify = 3 };

class UserEvents final : public ipc::EpollSink {
 public:
  explicit UserEvents(VirtAddr address) : at_(address) {}
  bool put(u32 events, u64 data) override {
    u8 event[kEventSize] = {};
    std::memcpy(event, &events, sizeof(events));
    std::memcpy(event + kDataOffset, &data, sizeof(data));
    if (!mm::copy_to_user(at_, event, sizeof(event))) return false;
    at_ += sizeof(event);
    return true;
  }

 private:
  VirtAddr at_;
};

Result<i64> wait_for_events(int set, VirtAddr events, int most, u64 deadline) {
  if (most <= 0 || most > kMostEvents) return Err(Errno::EINVAL);
  if (!hal::is_user_range(events, static_cast<usize>(most) * kEventSize)) return Err(Errno::EFAULT);
  auto file = TRY(file_of(set));
  UserEvents sink(events);
  return static_cast<i64>(TRY(ipc::epoll_wait(*file, sink, static_cast<usize>(most), deadline)));
}

u64 deadline_of_milliseconds(int timeout) {
  return timeout < 0 ? sync::kNoDeadline : deadline_after_ns(static_cast<u64>(timeout) * 1'000'000);
}

Result<i64> wait_with_mask(int set, VirtAddr events, int most, u64 deadline, mm::UserIn<u64> mask, usize size) {
  TRY(set_temporary_mask(mask, size));
  const Result<i64> result = wait_for_events(set, events, most, deadline);
  // After a signal its handler runs with the temporary mask; the return to the program restores the other.
  if (result || result.error() != Errno::EINTR) restore_temporary_mask();
  return result;
}

}  // namespace

Result<i64> sys_epoll_create1(u32 flags) { return TRY(install_file(TRY(ipc::make_epoll()), (flags & kOCloexec) != 0)); }

Result<i64> sys_epoll_create(int size) {
  if (size <= 0) return Err(Errno::EINVAL);
  return sys_epoll_create1(0);
}

Result<i64> sys_epoll_ctl(int set, int operation, int fd, VirtAddr event) {
  u8 copy[kEventSize] = {};
  const auto wanted = static_cast<Operation>(operation);
  if (wanted != Operation::Remove) TRY(mm::copy_from_user(copy, event, sizeof(copy)));
  u32 events = 0;
  u64 data = 0;
  std::memcpy(&events, copy, sizeof(events));
  std::memcpy(&data, copy + kDataOffset, sizeof(data));
  auto holder = TRY(file_of(set));
  auto file = TRY(file_of(fd));
  if (holder == file) return Err(Errno::EINVAL);
  switch (wanted) {
    case Operation::Add: TRY(ipc::epoll_add(*holder, *file, fd, events, data)); return 0;
    case Operation::Modify: TRY(ipc::epoll_modify(*holder, *file, fd, events, data)); return 0;
    case Operation::Remove: TRY(ipc::epoll_remove(*holder, *file, fd)); return 0;
  }
  return Err(Errno::EINVAL);
}

Result<i64> sys_epoll_wait(int set, VirtAddr events, int most, int timeout) {
  return wait_for_events(set, events, most, deadline_of_milliseconds(timeout));
}

Result<i64> sys_epoll_pwait(int set, VirtAddr events, int most, int timeout, mm::UserIn<u64> mask, usize size) {
  return wait_with_mask(set, events, most, deadline_of_milliseconds(timeout), mask, size);
}

Result<i64> sys_epoll_pwait2(int set, VirtAddr events, int most, mm::UserIn<TimeSpec> timeout, mm::UserIn<u64> mask,
                             usize size) {
  return wait_with_mask(set, events, most, TRY(deadline_after(timeout)), mask, size);
}

}  // namespace syscall
