// The battery clock: Motorola MC146818A, as every PC since the AT has it.
#include "arch/x86_64/acpi.hpp"
#include "arch/x86_64/instructions.hpp"
#include "hal/cpu.hpp"
#include "hal/timer.hpp"

namespace hal {
namespace {

constexpr u8 kSeconds = 0x00, kMinutes = 0x02, kHours = 0x04, kDay = 0x07, kMonth = 0x08, kYear = 0x09;
constexpr u8 kStatusA = 0x0a, kStatusB = 0x0b;
constexpr u8 kUpdating = 0x80, kBinary = 0x04, k24Hours = 0x02, kAfternoon = 0x80;

struct Reading {
  u8 seconds, minutes, hours, day, month, year, century;
  bool operator==(const Reading&) const = default;
};

u8 cmos(u8 index) {
  arch::out8(0x70, index);
  return arch::in8(0x71);
}

Reading read_all() {
  for (int tries = 0; tries < 100000 && (cmos(kStatusA) & kUpdating) != 0; ++tries) relax();
  const u8 century = arch::acpi_fadt().century_register;
  return {cmos(kSeconds),
          cmos(kMinutes),
          cmos(kHours),
          cmos(kDay),
          cmos(kMonth),
          cmos(kYear),
          century != 0 ? cmos(century) : u8{0}};
}

u8 from_bcd(u8 value) { return static_cast<u8>((value >> 4) * 10 + (value & 0xf)); }

// Days since 1970-01-01 in the Gregorian calendar, by years that begin in March.
u64 days_since_epoch(u64 year, u64 month, u64 day) {
  if (month <= 2) {
    --year;
    month += 12;
  }
  const u64 days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day - 1;
  constexpr u64 kEpoch = 719468;  // 1970-01-01 by the same formula
  return days - kEpoch;
}

}  // namespace

u64 wall_clock_seconds() {
  // An update may come between two registers: until two readings agree.
  Reading now = read_all();
  for (int tries = 0; tries < 10; ++tries) {
    const Reading again = read_all();
    if (again == now) break;
    now = again;
  }
  const u8 status = cmos(kStatusB);
  const bool afternoon = (status & k24Hours) == 0 && (now.hours & kAfternoon) != 0;
  now.hours &= 0x7f;
  if ((status & kBinary) == 0) {
    now = {from_bcd(now.seconds), from_bcd(now.minutes), from_bcd(now.hours),  from_bcd(now.day),
           from_bcd(now.month),   from_bcd(now.year),    from_bcd(now.century)};
  }
  u64 hours = now.hours;
  if ((status & k24Hours) == 0) hours = hours % 12 + (afternoon ? 12 : 0);
  const u64 century = now.century >= 19 && now.century <= 29 ? now.century : 20;
  if (now.month < 1 || now.month > 12 || now.day < 1 || now.day > 31 || hours > 23 || now.minutes > 59 ||
      now.seconds > 60) {
    return 0;
  }
  const u64 days = days_since_epoch(century * 100 + now.year, now.month, now.day);
  return days * 86400 + hours * 3600 + u64{now.minutes} * 60 + now.seconds;
}

}  // namespace hal
