// Who called whom, by the frame pointers that the whole kernel keeps.
#pragma once

#include "kernel/lib/types.hpp"

namespace diag {

// Prints the chain of return addresses with their symbols to the console. Reads only inside
// [stack_low, stack_high), so that a damaged chain ends instead of faulting. Any context.
void print_backtrace(VirtAddr frame_pointer, VirtAddr stack_low, VirtAddr stack_high);

// One line: "  0xffff... name+0x12".
void print_address(VirtAddr address);

}  // namespace diag
