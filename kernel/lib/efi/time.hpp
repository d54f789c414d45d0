// The firmware's wall clock (UEFI specification 2.10, 8.3.1), as seconds.
#pragma once

#include "kernel/lib/efi/api.hpp"

namespace lib::efi {

// Days from 1970-01-01 to a day of the Gregorian calendar: years are counted from March on, so that a leap day ends
// one.
constexpr i64 days_since_1970(i64 year, i64 month, i64 day) {
  constexpr i64 kDaysOf400Years = 146'097, kFromYear0ToEpoch = 719'468;
  if (month <= 2) --year;
  const i64 era = year / 400, year_of_era = year % 400;
  const i64 day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
  return era * kDaysOf400Years + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         kFromYear0ToEpoch;
}

// 0 for what is no time since then.
constexpr u64 seconds_since_1970(const Time& time) {
  constexpr i16 kNoZone = 2047, kMostMinutes = 1440;
  constexpr i64 kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
  const bool is_date =
      time.year >= 1970 && time.year <= 9999 && time.month >= 1 && time.month <= 12 && time.day >= 1 && time.day <= 31;
  if (!is_date || time.hour > 23 || time.minute > 59 || time.second > 59) return 0;
  i64 seconds =
      days_since_1970(time.year, time.month, time.day) * kDay + time.hour * kHour + time.minute * kMinute + time.second;
  if (time.zone != kNoZone && time.zone >= -kMostMinutes && time.zone <= kMostMinutes) seconds += time.zone * kMinute;
  return seconds < 0 ? 0 : static_cast<u64>(seconds);
}

}  // namespace lib::efi
