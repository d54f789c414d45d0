#include "arch/aarch64/gic_v2m.hpp"

#include <bitset>

#include "arch/aarch64/gic.hpp"
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
  lib::fdt::Node node;
  PhysAddr set_line;
  u32 first = 0, count = 0;  // lines
};

lib::List<Frame> frames;  // constant after v2m_find()
constinit LineRoutes distributor;

lib::RawSpinLock lock;
constinit std::bitset<kFirstSpecialLine> taken;  // under the lock

// MSI_TYPER: the first line in bits 16 to 25, their number in bits 0 to 9. The tree may know better.
bool read_lines(const lib::fdt::Tree& tree, lib::fdt::Region region, Frame& frame) {
  constexpr u32 kField = 0x3ff;
  volatile void* registers = hal_map_physical(region.base, kPageSize, HAL_MMU_READ | HAL_MMU_DEVICE);
  if (registers == nullptr) return false;
  const u32 type = hal_mmio_read32(static_cast<volatile u8*>(registers) + kType);
  hal_unmap_physical(registers, kPageSize);
  const u64 first = tree.number(frame.node, "arm,msi-base-spi").value_or(type >> 16 & kField);
  const u64 count = tree.number(frame.node, "arm,msi-num-spis").value_or(type & kField);
  if (first < kFirstSharedLine || first >= distributor.lines || count > distributor.lines - first) return false;
  frame.first = static_cast<u32>(first);
  frame.count = static_cast<u32>(count);
  return count != 0;
}

Status add_frame(const lib::fdt::Tree& tree, lib::fdt::Node node) {
  const auto region = tree.reg(node);
  if (!region || region->size < kPageSize) return Err(Errno::EINVAL);
  auto frame = TRY(lib::make_own<Frame>());
  frame->node = node;
  frame->set_line = PhysAddr{region->base + kSetLine};
  if (!read_lines(tree, *region, *frame)) return Err(Errno::EINVAL);
  for (u32 i = 0; i < frame->count; ++i) distributor.make_edge(frame->first + i);
  hal_log(HAL_LOG_INFO, "gic", "GICv2m: %u lines from %u on for messages", frame->count, frame->first);
  frames.push_back(*frame.release());
  return {};
}

const Frame* find_frame(lib::fdt::Node node) {
  for (const Frame& frame : frames) {
    if (frame.node == node) return &frame;
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

void v2m_find(const lib::fdt::Tree& tree, const LineRoutes& routes) {
  distributor = routes;
  for (lib::fdt::Node node = tree.find_compatible("arm,gic-v2m-frame"); node;
       node = tree.find_compatible("arm,gic-v2m-frame", node)) {
    const Status status = add_frame(tree, node);
    if (!status)
      hal_log(HAL_LOG_WARNING, "gic", "a frame of GICv2m is not used: error %d", static_cast<int>(status.error()));
  }
}

Result<Message> v2m_allocate(lib::fdt::Node controller, u32 cpu) {
  const Frame* frame = find_frame(controller);
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
