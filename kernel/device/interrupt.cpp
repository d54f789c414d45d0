// Handlers of interrupt lines: hal/irq.h's registration, and the dispatch.

#include "hal/cpu.hpp"
#include "hal/irq.h"
#include "hal/upcalls.hpp"
#include "kernel/device/device.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/allocate.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/sync/locked.hpp"

namespace device {
namespace {

struct Handler : lib::ListNode {
  u32 irq = 0;
  hal_irq_handler_t function = nullptr;
  void* context = nullptr;
};

// Handlers by line, in a small hash table: lines are sparse where message-signalled ones are far above the wired. A
// bucket has its own lock, so that handlers of different lines run on different CPUs at a time.
constexpr usize kBuckets = 64;
using Bucket = sync::Locked<lib::List<Handler>, sync::LockClass::InterruptTable>;
Bucket g_buckets[kBuckets];
Bucket& bucket_of(u32 irq) { return g_buckets[irq % kBuckets]; }

std::atomic<u64> g_spurious = 0;

}  // namespace
}  // namespace device

hal_status_t hal_irq_register(uint32_t irq, hal_irq_handler_t handler, void* context) {
  using namespace device;
  if (handler == nullptr) return HAL_INVALID;
  Handler* entry = lib::try_new<Handler>();
  if (entry == nullptr) return HAL_NO_MEMORY;
  entry->irq = irq;
  entry->function = handler;
  entry->context = context;
  bucket_of(irq).with([&](lib::List<Handler>& handlers) { handlers.push_back(*entry); });
  return HAL_OK;
}

hal_status_t hal_irq_unregister(uint32_t irq, hal_irq_handler_t handler, void* context) {
  using namespace device;
  // Handlers run under their bucket's lock, so none runs once we hold it.
  Handler* found = bucket_of(irq).with([&](lib::List<Handler>& handlers) -> Handler* {
    for (Handler& entry : handlers) {
      if (entry.irq != irq || entry.function != handler || entry.context != context) continue;
      handlers.erase(handlers.iterator_to(entry));
      return &entry;
    }
    return nullptr;
  });
  if (found == nullptr) return HAL_NOT_FOUND;
  lib::destroy(found);
  return HAL_OK;
}

void device::drop_handlers(VirtAddr code, usize size) {
  const auto is_inside = [&](const Handler& entry) { return reinterpret_cast<VirtAddr>(entry.function) - code < size; };
  const auto take = [&](lib::List<Handler>& handlers) -> Handler* {
    for (Handler& entry : handlers) {
      if (!is_inside(entry)) continue;
      handlers.erase(handlers.iterator_to(entry));
      return &entry;
    }
    return nullptr;
  };
  for (Bucket& bucket : g_buckets) {
    while (Handler* entry = bucket.with(take)) lib::destroy(entry);
  }
}

void kernel::on_interrupt(u32 irq) {
  using namespace device;
  bool handled = false;
  bucket_of(irq).with([&](lib::List<Handler>& handlers) {
    for (Handler& entry : handlers) {
      if (entry.irq != irq) continue;
      entry.function(irq, entry.context);
      handled = true;
    }
  });
  if (!handled) g_spurious.fetch_add(1, std::memory_order_relaxed);
}
