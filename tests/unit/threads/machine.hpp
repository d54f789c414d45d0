// For tests with several threads of the host, which stand for CPUs.
#pragma once

#include <thread>
#include <vector>

namespace test {

// Runs body(number) in `count` threads at once, and waits for all of them.
template <class Body>
void together(int count, Body body) {
  std::vector<std::jthread> threads;
  for (int number = 0; number < count; ++number) threads.emplace_back([&body, number] { body(number); });
}

}  // namespace test
