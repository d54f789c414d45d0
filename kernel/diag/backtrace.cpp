#include "kernel/diag/backtrace.hpp"

#include "hal/cpu.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/diag/symbols.hpp"
#include "kernel/lib/format.hpp"

namespace diag {
namespace {

constexpr int kMaxDepth = 40;

}  // namespace

void print_address(VirtAddr address) {
  char line[256];
  const Symbol symbol = find_symbol(address);
  const usize length = symbol.name.empty() ? lib::format_into(line, sizeof(line), "  0x%016lx\n", address)
                                           : lib::format_into(line, sizeof(line), "  0x%016lx %s+0x%zx\n", address,
                                                              symbol.name.data(), symbol.offset);
  console_write({line, length});
}

void print_backtrace(VirtAddr frame_pointer, VirtAddr stack_low, VirtAddr stack_high) {
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const auto link = hal::arch::frame_link(frame_pointer, stack_low, stack_high);
    if (link.return_address == 0) return;
    print_address(link.return_address - 1);
    if (link.caller_frame <= frame_pointer) return;
    frame_pointer = link.caller_frame;
  }
}

}  // namespace diag
