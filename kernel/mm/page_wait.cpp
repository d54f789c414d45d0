#include "kernel/mm/page_wait.hpp"

#include "kernel/lib/hash.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace mm {
namespace {

constexpr usize kQueues = 64;
sync::WaitQueue g_queues[kQueues];

sync::WaitQueue& queue_of(const PageFrame* frame) { return g_queues[lib::mix(reinterpret_cast<u64>(frame)) % kQueues]; }

}  // namespace

void wait_for_page(PageFrame* frame, u8 flags) {
  static_cast<void>(queue_of(frame).wait([&] { return (frame->flags.load(std::memory_order_acquire) & flags) == 0; }));
}

void clear_page_flags(PageFrame* frame, u8 flags) {
  frame->flags.fetch_and(static_cast<u8>(~flags), std::memory_order_acq_rel);
  queue_of(frame).wake_all();
}

}  // namespace mm
