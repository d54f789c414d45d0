// Calls to the firmware in machine mode (RISC-V Supervisor Binary Interface 2.0). Any context, paging on or off.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct SbiResult {
  i64 error;  // 0, or a negative number (SBI 2.0, table 1)
  u64 value;
};

enum class SbiExtension : u64 {
  LegacyPutchar = 0x01,
  LegacyGetchar = 0x02,
  LegacyShutdown = 0x08,
  Base = 0x10,
  Time = 0x5449'4d45,
  Ipi = 0x73'5049,
  RemoteFence = 0x5246'4e43,
  Hart = 0x48'534d,
  Reset = 0x5352'5354,
  DebugConsole = 0x4442'434e,
};

SbiResult sbi_call(SbiExtension extension, u64 function, u64 a0 = 0, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0);
bool sbi_has(SbiExtension extension);

// A set of harts as the calls take it: bit n of the mask is hart base + n.
struct HartMask {
  u64 bits = 0;
  u64 base = 0;
};

// `when` is a value of the time counter; clears a pending timer interrupt.
void sbi_set_timer(u64 when);
SbiResult sbi_send_ipi(HartMask harts);
SbiResult sbi_remote_fence_i(HartMask harts);
// These return when all are done. The first takes global translations too, the second those of one address space.
SbiResult sbi_remote_flush(HartMask harts, VirtAddr start, u64 size);
SbiResult sbi_remote_flush_of(u64 asid, HartMask harts, VirtAddr start, u64 size);
SbiResult sbi_start_hart(u64 hart, u64 physical_entry, u64 argument);
void sbi_put_char(char c);
// Negative: there is none. At virtual addresses, not by two at a time.
int sbi_get_char();

}  // namespace hal::arch
