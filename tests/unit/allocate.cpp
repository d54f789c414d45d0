#include "tests/unit/allocate.hpp"

#include <cstdlib>

#include "kernel/lib/allocate.hpp"

namespace {
int g_left = -1;
}

void test::fail_allocations_after(int count) { g_left = count; }

void* lib::allocate(usize size) {
  if (g_left == 0) return nullptr;
  if (g_left > 0) --g_left;
  return std::malloc(size);
}
void lib::deallocate(void* memory) { std::free(memory); }
