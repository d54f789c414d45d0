// hal/wait.h's deferred work: one queue, one thread, in the order of scheduling.
#include "hal/wait.h"

#include "kernel/diag/assert.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/sched/thread.hpp"
#include "kernel/sync/locked.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace device {
namespace {

// A piece of work, inside its hal_work_t's opaque words. All zero: not queued.
struct Entry {
  hal_work_t* next;
  bool is_queued;
};
static_assert(sizeof(Entry) <= sizeof(hal_work_t::opaque));
Entry& entry_in(hal_work_t* work) { return *reinterpret_cast<Entry*>(work->opaque); }

struct Queue {
  hal_work_t* first = nullptr;
  hal_work_t* last = nullptr;
  hal_work_t* running = nullptr;

  void push(hal_work_t* work) {
    Entry& entry = entry_in(work);
    if (entry.is_queued) return;
    entry = {.next = nullptr, .is_queued = true};
    (first == nullptr ? first : entry_in(last).next) = work;
    last = work;
  }
  void take(hal_work_t* work) {
    hal_work_t** at = &first;
    hal_work_t* before = nullptr;
    while (*at != nullptr && *at != work) {
      before = *at;
      at = &entry_in(*at).next;
    }
    if (*at == nullptr) return;
    *at = entry_in(work).next;
    if (last == work) last = before;
    entry_in(work) = {};
  }
};
sync::Locked<Queue, sync::LockClass::DeviceQueue> g_queue;
sync::WaitQueue g_has_work;
sync::WaitQueue g_is_done;

void worker(void*) {
  for (;;) {
    hal_work_t* work = nullptr;
    (void)g_has_work.wait([&] {
      return g_queue.with([&](Queue& queue) {
        work = queue.first;
        if (work != nullptr) queue.take(work);
        queue.running = work;
        return work != nullptr;
      });
    });
    work->function(work->context);
    g_queue.with([](Queue& queue) { queue.running = nullptr; });
    g_is_done.wake_all();
  }
}

class DeviceWorkSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "device-work"; }
  void on_late_init(kernel::Kernel&) override {
    K_ASSERT(sched::start_kernel_thread("device-work", worker, nullptr).has_value(), "no memory for a thread");
  }
};
REGISTER_SUBSYSTEM(DeviceWorkSubsystem);

}  // namespace
}  // namespace device

using namespace device;

void hal_work_schedule(hal_work_t* work) {
  g_queue.with([&](Queue& queue) { queue.push(work); });
  g_has_work.wake_one();
}

void hal_work_cancel(hal_work_t* work) {
  (void)g_is_done.wait([&] {
    return g_queue.with([&](Queue& queue) {
      queue.take(work);
      return queue.running != work;
    });
  });
}
