#include "kernel/device/package/version1_poller.hpp"

#include "hal/timer.h"
#include "kernel/sched/thread.hpp"

namespace device {
namespace {

constexpr u64 kNsPerMs = 1'000'000;

}  // namespace

void Poller::run(void* argument) {
  const auto state = lib::Ref<State>::adopt(static_cast<State*>(argument));
  const auto is_leaving = [&] { return state->is_leaving.load(); };
  while (!is_leaving()) {
    const u64 until = hal_timer_ns() + state->function(state->context) * kNsPerMs;
    (void)state->changed.wait(is_leaving, sync::WaitMode::Uninterruptible, until);
  }
  state->has_left.store(true);
  state->changed.wake_all();
}

Status Poller::start(Function function, void* context) {
  auto state = TRY(lib::make_ref<State>());
  state->function = function;
  state->context = context;
  state->acquire();  // the thread's
  if (const Status started = sched::start_kernel_thread("driver-v1", run, state.get()); !started) {
    state->release();
    return started;
  }
  state_ = std::move(state);
  return {};
}

void Poller::stop() {
  if (!state_) return;
  state_->is_leaving.store(true);
  state_->changed.wake_all();
  (void)state_->changed.wait([&] { return state_->has_left.load(); });
  state_ = {};
}

}  // namespace device
