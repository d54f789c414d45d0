// Handlers of interrupt lines: hal/irq.h's registration, and the dispatch.

#include "kernel/device/interrupt.hpp"

#include <algorithm>

#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/irq.h"
#include "hal/upcalls.hpp"
#include "kernel/device/device.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/allocate.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/lib/vector.hpp"
#include "kernel/sync/locked.hpp"

namespace device {
namespace {

// A line that has handlers. Apart from the table of those, whose lock a handler holds that masks its line.
struct Line : lib::ListNode {
  u32 irq = 0;
  usize handlers = 0;
  // How often it came to each CPU, which alone writes there, while the line has handlers.
  lib::Vector<u64> counts;
};
sync::Locked<lib::List<Line>, sync::LockClass::InterruptLines> g_lines;

struct Handler : lib::ListNode {
  Line* line = nullptr;  // lives as long as the handler
  hal_irq_handler_t function = nullptr;
  void* context = nullptr;
};

// Handlers by line, in a small hash table: lines are sparse where message-signalled ones are far above the wired. A
// bucket has its own lock, so that handlers of different lines run on different CPUs at a time.
constexpr usize kBuckets = 64;
using Bucket = sync::Locked<lib::List<Handler>, sync::LockClass::InterruptTable>;
Bucket g_buckets[kBuckets];
Bucket& bucket_of(u32 irq) { return g_buckets[irq % kBuckets]; }

Line* find_line(lib::List<Line>& lines, u32 irq) {
  for (Line& line : lines) {
    if (line.irq == irq) return &line;
  }
  return nullptr;
}

// The line, with one handler more. ENOMEM.
Result<Line*> count_handler(u32 irq) {
  auto fresh = TRY(lib::make_own<Line>());
  TRY(fresh->counts.resize(hal_cpu_count()));
  fresh->irq = irq;
  return g_lines.with([&](lib::List<Line>& lines) {
    Line* line = find_line(lines, irq);
    if (line == nullptr) lines.push_back(*(line = fresh.release()));
    ++line->handlers;
    return line;
  });
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

// On this CPU, interrupts off.
void count_interrupt(Line& line) {
  const std::atomic_ref<u64> count(line.counts[hal::current_cpu()->id]);
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

std::atomic<u64> g_spurious = 0;

}  // namespace
}  // namespace device

hal_status_t hal_irq_register(uint32_t irq, hal_irq_handler_t handler, void* context) {
  using namespace device;
  if (handler == nullptr) return HAL_INVALID;
  auto entry = lib::make_own<Handler>();
  if (!entry) return HAL_NO_MEMORY;
  const auto line = count_handler(irq);
  if (!line) return HAL_NO_MEMORY;
  (*entry)->line = *line;
  (*entry)->function = handler;
  (*entry)->context = context;
  bucket_of(irq).with([&](lib::List<Handler>& handlers) { handlers.push_back(*entry->release()); });
  return HAL_OK;
}

hal_status_t hal_irq_unregister(uint32_t irq, hal_irq_handler_t handler, void* context) {
  using namespace device;
  // Handlers run under their bucket's lock, so none runs once we hold it.
  Handler* found = bucket_of(irq).with([&](lib::List<Handler>& handlers) -> Handler* {
    for (Handler& entry : handlers) {
      if (entry.line->irq != irq || entry.function != handler || entry.context != context) continue;
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
      discount_handler(entry->line->irq);
      lib::destroy(entry);
    }
  }
}

std::optional<u32> device::next_line(u32 from, std::span<u64> counts) {
  return g_lines.with([&](lib::List<Line>& lines) -> std::optional<u32> {
    Line* found = nullptr;
    for (Line& line : lines) {
      if (line.irq >= from && (found == nullptr || line.irq < found->irq)) found = &line;
    }
    if (found == nullptr) return {};
    for (usize i = 0; i < std::min(counts.size(), found->counts.size()); ++i) {
      counts[i] = std::atomic_ref(found->counts[i]).load(std::memory_order_relaxed);
    }
    return found->irq;
  });
}

void kernel::on_interrupt(u32 irq) {
  using namespace device;
  bool handled = false;
  bucket_of(irq).with([&](lib::List<Handler>& handlers) {
    for (Handler& entry : handlers) {
      if (entry.line->irq != irq) continue;
      if (!handled) count_interrupt(*entry.line);
      entry.function(irq, entry.context);
      handled = true;
    }
  });
  if (!handled) g_spurious.fetch_add(1, std::memory_order_relaxed);
}
