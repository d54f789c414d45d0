#include "arch/riscv64/sbi.hpp"

#include <atomic>

#include "arch/riscv64/boot.hpp"

namespace hal::arch {
namespace {

// Which console the firmware has: found out at the first character, by whoever prints it.
enum class Console : u8 { Unknown, Debug, Legacy };
constinit std::atomic<u8> console = 0;

Console console_kind() {
  auto kind = static_cast<Console>(console.load(std::memory_order_relaxed));
  if (kind == Console::Unknown) {
    kind = sbi_has(SbiExtension::DebugConsole) ? Console::Debug : Console::Legacy;
    console.store(static_cast<u8>(kind), std::memory_order_relaxed);
  }
  return kind;
}

}  // namespace

// SBI 2.0, chapter 3: extension in a7, function in a6; all registers but a0 and a1 are preserved.
SbiResult sbi_call(SbiExtension extension, u64 function, u64 argument0, u64 argument1, u64 argument2, u64 argument3,
                   u64 argument4) {
  register u64 a0 asm("a0") = argument0;
  register u64 a1 asm("a1") = argument1;
  register u64 a2 asm("a2") = argument2;
  register u64 a3 asm("a3") = argument3;
  register u64 a4 asm("a4") = argument4;
  register u64 a6 asm("a6") = function;
  register u64 a7 asm("a7") = static_cast<u64>(extension);
  asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
  return {static_cast<i64>(a0), a1};
}

bool sbi_has(SbiExtension extension) {
  constexpr u64 kProbe = 3;  // 4.4
  const SbiResult result = sbi_call(SbiExtension::Base, kProbe, static_cast<u64>(extension));
  return result.error == 0 && result.value != 0;
}

void sbi_set_timer(u64 when) { sbi_call(SbiExtension::Time, 0, when); }

SbiResult sbi_send_ipi(HartMask harts) { return sbi_call(SbiExtension::Ipi, 0, harts.bits, harts.base); }

SbiResult sbi_remote_fence_i(HartMask harts) { return sbi_call(SbiExtension::RemoteFence, 0, harts.bits, harts.base); }

SbiResult sbi_remote_flush(HartMask harts, VirtAddr start, u64 size) {
  return sbi_call(SbiExtension::RemoteFence, 1, harts.bits, harts.base, start, size);
}

SbiResult sbi_remote_flush_of(u64 asid, HartMask harts, VirtAddr start, u64 size) {
  return sbi_call(SbiExtension::RemoteFence, 2, harts.bits, harts.base, start, size, asid);
}

SbiResult sbi_start_hart(u64 hart, u64 physical_entry, u64 argument) {
  return sbi_call(SbiExtension::Hart, 0, hart, physical_entry, argument);
}

void sbi_put_char(char c) {
  constexpr u64 kWriteByte = 2;
  if (console_kind() == Console::Debug) {
    sbi_call(SbiExtension::DebugConsole, kWriteByte, static_cast<u8>(c));
  } else {
    sbi_call(SbiExtension::LegacyPutchar, 0, static_cast<u8>(c));
  }
}

// The firmware writes to physical memory. One reader at a time: the console's.
int sbi_get_char() {
  constexpr u64 kRead = 1;
  static constinit volatile u8 byte = 0;
  if (console_kind() == Console::Debug) {
    const u64 place = reinterpret_cast<u64>(&byte) - early_boot.offset;
    const SbiResult result = sbi_call(SbiExtension::DebugConsole, kRead, sizeof(byte), place);
    return result.error == 0 && result.value == sizeof(byte) ? byte : -1;
  }
  return static_cast<int>(sbi_call(SbiExtension::LegacyGetchar, 0).error);
}

}  // namespace hal::arch
