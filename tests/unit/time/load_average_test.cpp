// The arithmetic of the load averages (kernel/time/load_average.hpp).
#include "kernel/time/load_average.hpp"

#include <gtest/gtest.h>

namespace {

using namespace ktime;

u64 after(u64 load, unsigned window, u64 runnable, unsigned periods) {
  for (unsigned i = 0; i < periods; ++i) load = next_load(load, kLoadDecay[window], runnable);
  return load;
}

TEST(LoadAverage, AfterItsWindowTwoThirdsAreSeen) {
  const unsigned periods[] = {12, 60, 180};
  for (unsigned window = 0; window < 3; ++window) {
    const double seen = static_cast<double>(after(0, window, 4, periods[window])) / kLoadOne;
    EXPECT_NEAR(seen, 4 * (1 - 0.36788), 0.05) << window;
  }
}

TEST(LoadAverage, ArrivesAtWhatIsSteadyAndAtNothing) {
  for (unsigned window = 0; window < 3; ++window) {
    EXPECT_EQ(after(0, window, 3, 5000), 3 * kLoadOne) << window;
    EXPECT_EQ(after(1000 * kLoadOne, window, 0, 10000), 0u) << window;
  }
}

}  // namespace
