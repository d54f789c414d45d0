#include "tests/unit/allocate.hpp"

#include <cstdlib>

#include "kernel/lib/allocate.hpp"

namespace {
int g_left = -1;
}

void test::fail_allocations_after(int count) { g_left = count; }

bool test::may_allocate() {
  if (g_left == 0) return false;
  if (g_left > 0) --g_left;
  return true;
}

void* lib::allocate(usize size) { return test::may_allocate() ? std::malloc(size) : nullptr; }
void lib::deallocate(void* memory) { std::free(memory); }
