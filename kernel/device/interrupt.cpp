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

// How many handlers a line has. Apart from the table, whose lock a handler holds that masks its line.
struct Line : lib::ListNode {
  u32 irq = 0;
  usize handlers = 0;
};
sync::Locked<lib::List<Line>, sync::LockClass::InterruptLines> g_lines;

Line* find_line(lib::List<Line>& lines, u32 irq) {
  for (Line& line : lines) {
    if (line.irq == irq) return &line;
  }
  return nullptr;
}

bool count_handler(u32 irq) {
  auto fresh = lib::make_own<Line>();
  if (!fresh) return false;
  (*fresh)->irq = irq;
  g_lines.with([&](lib::List<Line>& lines) {
    Line* line = find_line(lines, irq);
    if (line == nullptr) lines.push_back(*(line = fresh->release()));
    ++line->handlers;
  });
  return true;
}

// A line that nobody listens to is masked: a device that still drives it would interrupt without end.
void discount_handler(u32 irq) {
  Line* unused = g_lines.with([&](lib::List<Line>& lines) -> Line* {
    Line* line = find_line(lines, irq);
    if (line == nullptr || --line->handlers != 0) return nullptr;
    static_cast<void>(hal_irq_set_masked(irq, true));
    lines.erase(lines.iterator_to(*line));
    return line;
  });
  lib::destroy(unused);
}

std::atomic<u64> g_spurious = 0;

}  // namespace
}  // namespace device

hal_status_t hal_irq_register(uint32_t irq, hal_irq_handler_t handler, void* context) {
  using namespace device;
  if (handler == nullptr) return HAL_INVALID;
  Handler* entry = lib::try_new<Handler>();
  if (entry == nullptr || !count_handler(irq)) {
    lib::destroy(entry);
    return HAL_NO_MEMORY;
  }
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
  discount_handler(irq);
  lib::destroy(found);
  return HAL_OK;
}

hal_status_t hal_irq_enable(uint32_t irq) { return hal_irq_set_masked(irq, false); }

hal_status_t hal_irq_disable(uint32_t irq) {
  using namespace device;
  return g_lines.with([&](lib::List<Line>& lines) {
    const Line* line = find_line(lines, irq);
    return line != nullptr && line->handlers > 1 ? HAL_OK : hal_irq_set_masked(irq, true);
  });
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
    while (Handler* entry = bucket.with(take)) {
      discount_handler(entry->irq);
      lib::destroy(entry);
    }
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
