// The clock's arithmetic (hal/clock.hpp): what a wrong digit costs grows with the time that the machine is up.
#include "hal/clock.hpp"

#include <gtest/gtest.h>

namespace {

constexpr u64 kSecond = 1'000'000'000;
constexpr u64 kYear = 365ull * 86400;

TEST(Clock, RatioIsExactWhereItCanBe) {
  EXPECT_EQ(hal::ratio_2_32(1, 1), u64{1} << 32);
  EXPECT_EQ(hal::ratio_2_32(1, 2), u64{1} << 31);
  EXPECT_EQ(hal::ratio_2_32(kSecond, 62'500'000), u64{16} << 32);  // AArch64's counter under QEMU
  EXPECT_EQ(hal::ratio_2_32(0, 7), 0u);
}

TEST(Clock, NanosecondsFollowTheCounterForYears) {
  for (const u64 hz : {1'000'000ull, 10'000'000ull, 24'000'000ull, 62'500'000ull, 1'000'000'000ull, 3'217'000'000ull}) {
    const hal::ClockScale scale{.base = 12345, .factor = hal::ratio_2_32(kSecond, hz)};
    EXPECT_EQ(scale.nanoseconds_at(12345), 0u);
    const u64 now = scale.nanoseconds_at(12345 + hz * kYear * 10);
    const u64 right = kSecond * kYear * 10;
    // The factor is cut off after 32 binary places: at most one part in 2^32 / (ns per count) is lost.
    EXPECT_LE(now, right) << hz;
    EXPECT_LT(right - now, right / 1'000'000'000 * 10) << hz;
  }
}

TEST(Clock, TimeNeverGoesBackWhereTheProductIsWide) {
  const hal::ClockScale scale{.base = 0, .factor = hal::ratio_2_32(kSecond, 999'999'937)};
  u64 last = 0;
  for (u64 count = u64{1} << 62; count < (u64{1} << 62) + 1000; ++count) {
    const u64 now = scale.nanoseconds_at(count);
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(Clock, ScaledSaysTheLargestNumberInsteadOfASmallOne) {
  EXPECT_EQ(hal::scaled_2_32(10, u64{3} << 32), 30u);
  EXPECT_EQ(hal::scaled_2_32(~u64{0}, u64{1} << 32), ~u64{0});
  EXPECT_EQ(hal::scaled_2_32(~u64{0}, u64{2} << 32), ~u64{0});
  EXPECT_EQ(hal::scaled_2_32(u64{1} << 63, u64{4} << 32), ~u64{0});
}

}  // namespace
