#include "fs/vfs/write_back.hpp"

#include "fs/vfs/mount.hpp"
#include "hal/timer.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/file_object.hpp"
#include "kernel/mm/reclaim.hpp"
#include "kernel/sched/thread.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace vfs {
namespace {

sync::WaitQueue g_work;      // the thread waits for something to do
sync::WaitQueue g_progress;  // writers wait for the thread
std::atomic<bool> g_asked = false;
std::atomic<u64> g_rounds = 0;
std::atomic<void (*)(bool)> g_extra = nullptr;
std::atomic<Status (*)()> g_extra_sync = nullptr;
std::atomic<bool> g_running = false;

u64 soft_limit() { return mm::count_frames().total / 10; }
u64 hard_limit() { return mm::count_frames().total / 5; }
u64 dirty_pages() { return mm::g_cache_counts.dirty.load(std::memory_order_relaxed); }
bool memory_is_short() { return mm::count_frames().free < mm::low_memory_mark(); }

void ask() {
  if (!g_asked.exchange(true)) g_work.wake_all();
}

void make_room() {
  constexpr usize kNamesKept = 256;
  const u64 free = mm::count_frames().free;
  const u64 wanted = mm::low_memory_mark() * 2;
  if (free >= wanted) return;
  if (mm::reclaim(wanted - free, true) < (wanted - free) / 2) Dentry::shrink(kNamesKept);
}

void run(void*) {
  g_running.store(true);
  for (;;) {
    static_cast<void>(g_work.wait([] { return g_asked.load(); }, sync::WaitMode::Uninterruptible,
                                  hal::monotonic_ns() + kWriteBackPeriodNs));
    g_asked.store(false);
    const bool all = dirty_pages() > soft_limit() || memory_is_short();
    write_back_all(all);
    if (auto* extra = g_extra.load()) extra(all);
    if (memory_is_short()) make_room();
    g_rounds.fetch_add(1);
    g_progress.wake_all();
  }
}

class WriteBackSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "write-back"; }
  void on_late_init(kernel::Kernel&) override {
    if (!sched::start_kernel_thread("writeback", run, nullptr)) LOG_ERROR("vfs", "no memory for the write-back thread");
    mm::set_low_memory_listener(ask);
  }
};
REGISTER_SUBSYSTEM(WriteBackSubsystem);

}  // namespace

void balance_dirty_pages() {
  const u64 dirty = dirty_pages();
  if (dirty <= soft_limit()) return;
  ask();
  if (dirty <= hard_limit() || !g_running.load()) return;
  const u64 round = g_rounds.load();
  static_cast<void>(g_progress.wait([&] { return g_rounds.load() != round || dirty_pages() <= hard_limit(); }));
}

void set_extra_sync(Status (*sync)()) { g_extra_sync.store(sync); }

Status sync_extra() {
  auto* sync = g_extra_sync.load();
  return sync == nullptr ? Status() : sync();
}

void set_extra_write_back(void (*write_back)(bool all)) { g_extra.store(write_back); }

}  // namespace vfs
