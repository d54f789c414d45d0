// Names for code addresses, from the table that the build links into the image (scripts/lib/ksyms.py).
#pragma once

#include <string_view>

#include "kernel/lib/types.hpp"

namespace diag {

struct Symbol {
  std::string_view name;  // empty: not in the kernel's text
  usize offset = 0;       // bytes from the symbol's start
};
Symbol find_symbol(VirtAddr address);

bool is_kernel_text(VirtAddr address);

}  // namespace diag
