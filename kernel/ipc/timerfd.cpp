#include "kernel/ipc/timerfd.hpp"

#include "fs/vfs/anonymous.hpp"
#include "hal/timer.hpp"
#include "kernel/time/timer.hpp"
#include "kernel/time/wall_clock.hpp"

namespace ipc {
namespace {

using namespace vfs::poll_event;

class TimerFile final : public vfs::File {
 public:
  TimerFile(vfs::Path path, u32 flags, bool wall_clock)
      : File(std::move(path), flags), alarm_(*this), wall_clock_(wall_clock) {}
  ~TimerFile() override { alarm_.cancel(); }

  static const vfs::FileKind kKind;
  const vfs::FileKind* kind() const override { return &kKind; }

  Result<usize> read(vfs::ReadBuffer& buffer, u64&) override {
    if (buffer.remaining() < sizeof(u64)) return Err(Errno::EINVAL);
    u64 count = 0;
    for (;;) {
      count = state_.with([&](State& state) {
        state.count_up(hal::monotonic_ns());
        arm_for(state);
        return std::exchange(state.expired, 0);
      });
      if (count != 0) break;
      if (is_nonblocking()) return Err(Errno::EAGAIN);
      TRY(expired_.wait([&] { return has_expired(); }, sync::WaitMode::Interruptible));
    }
    return buffer.put(&count, sizeof(count)) == sizeof(count) ? Result<usize>(sizeof(count)) : Err(Errno::EFAULT);
  }

  bool can_wait() const override { return true; }
  u32 poll(vfs::PollTable* table) override {
    if (table != nullptr) table->add(expired_);
    return has_expired() ? kIn | kReadNormal : 0;
  }

  TimerSetting setting() {
    return state_.with([](State& state) { return state.left(hal::monotonic_ns()); });
  }

  TimerSetting set(const TimerSetting& setting, bool absolute) {
    const u64 now = hal::monotonic_ns();
    u64 start = now;
    if (absolute) start = wall_clock_ ? now - static_cast<u64>(ktime::wall_clock_ns()) : 0;
    return state_.with([&](State& state) {
      const TimerSetting old = state.left(now);
      // A point in the past has expired at once; 0 would mean that nothing is set.
      state.next_ns = setting.first_ns == 0 ? 0 : std::max<u64>(start + setting.first_ns, 1);
      if (absolute && setting.first_ns != 0 && static_cast<i64>(state.next_ns - now) < 0) state.next_ns = now;
      state.interval_ns = setting.interval_ns;
      state.expired = 0;
      arm_for(state);
      return old;
    });
  }

 private:
  struct State {
    u64 next_ns = 0;  // 0: disarmed
    u64 interval_ns = 0;
    u64 expired = 0;

    void count_up(u64 now) {
      if (next_ns == 0 || now < next_ns) return;
      if (interval_ns == 0) {
        ++expired;
        next_ns = 0;
        return;
      }
      const u64 times = (now - next_ns) / interval_ns + 1;
      expired += times;
      next_ns += times * interval_ns;
    }
    TimerSetting left(u64 now) {
      count_up(now);
      return {next_ns == 0 ? 0 : next_ns - now, interval_ns};
    }
  };
  struct Alarm : ktime::Timer {
    explicit Alarm(TimerFile& file) : Timer(fire), file(file) {}
    static void fire(Timer& timer) { static_cast<Alarm&>(timer).file.expired_.wake_all(kIn | kReadNormal); }
    TimerFile& file;
  };

  bool has_expired() {
    return state_.with([](State& state) {
      state.count_up(hal::monotonic_ns());
      return state.expired != 0;
    });
  }
  // One alarm for the first expiry that nobody has read yet: what comes after it is counted when somebody looks.
  void arm_for(const State& state) {
    if (state.next_ns != 0) {
      alarm_.arm(state.next_ns);
    } else {
      alarm_.cancel();
    }
  }

  sync::Locked<State, sync::LockClass::EventSource> state_;
  Alarm alarm_;
  const bool wall_clock_;
  sync::WaitQueue expired_;
};

constinit const vfs::FileKind TimerFile::kKind{};

Result<TimerFile*> timer_of(vfs::File& file) {
  if (file.kind() != &TimerFile::kKind) return Err(Errno::EINVAL);
  return static_cast<TimerFile*>(&file);
}

}  // namespace

Result<lib::Ref<vfs::File>> make_timerfd(bool wall_clock, u32 flags) {
  const vfs::Path path = TRY(vfs::anonymous_path("anon_inode:[timerfd]", vfs::FileType::Regular));
  lib::Ref<vfs::File> file = TRY(lib::make_ref<TimerFile>(path, flags | vfs::open_flag::kReadWrite, wall_clock));
  return file;
}

Result<TimerSetting> set_timerfd(vfs::File& file, const TimerSetting& setting, bool absolute) {
  return TRY(timer_of(file))->set(setting, absolute);
}
Result<TimerSetting> get_timerfd(vfs::File& file) { return TRY(timer_of(file))->setting(); }

}  // namespace ipc
