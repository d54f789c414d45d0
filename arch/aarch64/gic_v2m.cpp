#include "arch/aarch64/gic_v2m.hpp"

#include <bitset>

#include "arch/aarch64/gic.hpp"
#include "arch/aarch64/probe.hpp"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "kernel/lib/allocate.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/lib/spin.hpp"

namespace hal::arch {
namespace {

constexpr usize kType = 0x008, kSetLine = 0x040;  // MSI_TYPER, MSI_SETSPI_NS

struct Frame : lib::ListNode {
  u32 name = 0;
  PhysAddr set_line;
  u32 first = 0, count = 0;  // lines
};

lib::List<Frame> frames;  // constant after boot
constinit LineRoutes distributor;

lib::RawSpinLock lock;
constinit std::bitset<kFirstSpecialLine> taken;  // under the lock

// MSI_TYPER: the first line in bits 16 to 25, their number in bits 0 to 9. The description may know better.
bool read_lines(const FrameDescription& description, Frame& frame) {
  constexpr u32 kField = 0x3ff;
  volatile u8* registers = map_registers(description.registers.value, kPageSize, kType);
  if (registers == nullptr) return false;
  const u32 type = hal_mmio_read32(registers + kType);
  hal_unmap_physical(registers, kPageSize);
  frame.first = description.first_line.value_or(type >> 16 & kField);
  frame.count = description.line_count.value_or(type & kField);
  if (frame.first < kFirstSharedLine || frame.first >= distributor.lines) return false;
  return frame.count != 0 && frame.count <= distributor.lines - frame.first;
}

Status add_frame(const FrameDescription& description) {
  auto frame = TRY(lib::make_own<Frame>());
  frame->name = description.name;
  frame->set_line = description.registers + kSetLine;
  if (!read_lines(description, *frame)) return Err(Errno::EINVAL);
  for (u32 i = 0; i < frame->count; ++i) distributor.set_trigger(frame->first + i, true);
  hal_log(HAL_LOG_INFO, "gic", "GICv2m: %u lines from %u on for messages", frame->count, frame->first);
  frames.push_back(*frame.release());
  return {};
}

const Frame* find_frame(u32 name) {
  for (const Frame& frame : frames) {
    if (frame.name == name) return &frame;
  }
  return nullptr;
}

// 0: all are given out.
u32 take_line(const Frame& frame) {
  const InterruptGuard guard;
  lock.lock();
  u32 line = frame.first;
  while (line < frame.first + frame.count && taken[line]) ++line;
  if (line == frame.first + frame.count) {
    line = 0;
  } else {
    taken[line] = true;
  }
  lock.unlock();
  return line;
}

}  // namespace

void v2m_open(const LineRoutes& routes) { distributor = routes; }

void v2m_add(const FrameDescription& description) {
  if (const Status status = add_frame(description); !status)
    hal_log(HAL_LOG_WARNING, "gic", "a frame of GICv2m is not used: error %d", static_cast<int>(status.error()));
}

Result<Message> v2m_allocate(u32 name, u32 cpu) {
  const Frame* frame = find_frame(name);
  const CpuLocal* target = cpu < kMaxCpus ? cpu_locals[cpu] : nullptr;
  if (frame == nullptr || target == nullptr) return Err(Errno::EOPNOTSUPP);
  const u32 line = take_line(*frame);
  if (line == 0) return Err(Errno::ENOSPC);
  distributor.route(line, *target);
  return Message{.line = line, .data = line, .address = frame->set_line};
}

void v2m_free(u32 line) {
  if (line >= kFirstSpecialLine) return;
  const InterruptGuard guard;
  lock.lock();
  taken[line] = false;
  lock.unlock();
}

}  // namespace hal::arch
