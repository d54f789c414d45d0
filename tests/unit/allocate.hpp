// The host's lib::allocate(): malloc, with failure on demand.
#pragma once

namespace test {

// The next `count` allocations succeed, all later ones fail; negative: none fails.
void fail_allocations_after(int count);
// For other allocators of the tests: counts one.
bool may_allocate();

}  // namespace test
