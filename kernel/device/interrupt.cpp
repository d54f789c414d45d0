// Handlers of interrupt lines: hal/irq.h's registration, and the dispatch.

#include "hal/cpu.hpp"
#include "hal/irq.h"
#include "hal/upcalls.hpp"
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

// Handlers by line, in a small hash table: lines are sparse where message-signalled ones are far above the wired.
constexpr usize kBuckets = 64;
struct Table {
  lib::List<Handler> buckets[kBuckets];
  lib::List<Handler>& of(u32 irq) { return buckets[irq % kBuckets]; }
};
sync::Locked<Table, sync::LockClass::InterruptTable> g_table;
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
  g_table.with([&](Table& table) { table.of(irq).push_back(*entry); });
  return HAL_OK;
}

hal_status_t hal_irq_unregister(uint32_t irq, hal_irq_handler_t handler, void* context) {
  using namespace device;
  // Handlers run under the table's lock, so none runs once we hold it.
  Handler* found = g_table.with([&](Table& table) -> Handler* {
    for (Handler& entry : table.of(irq)) {
      if (entry.irq != irq || entry.function != handler || entry.context != context) continue;
      table.of(irq).erase(table.of(irq).iterator_to(entry));
      return &entry;
    }
    return nullptr;
  });
  if (found == nullptr) return HAL_NOT_FOUND;
  lib::destroy(found);
  return HAL_OK;
}

void kernel::on_interrupt(u32 irq) {
  using namespace device;
  bool handled = false;
  g_table.with([&](Table& table) {
    for (Handler& entry : table.of(irq)) {
      if (entry.irq != irq) continue;
      entry.function(irq, entry.context);
      handled = true;
    }
  });
  if (!handled) g_spurious.fetch_add(1, std::memory_order_relaxed);
}
