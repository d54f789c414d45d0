#include "kernel/diag/symbols.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
extern const u32 ksyms_count;
extern const u32 ksyms_offsets[];
extern const u32 ksyms_name_offsets[];
extern const char ksyms_names[];
extern const char __kernel_start[];
extern const char __text_start[];
extern const char __text_end[];
}

namespace diag {

bool is_kernel_text(VirtAddr address) {
  return address >= reinterpret_cast<VirtAddr>(__text_start) && address < reinterpret_cast<VirtAddr>(__text_end);
}

Symbol find_symbol(VirtAddr address) {
  if (!is_kernel_text(address) || ksyms_count == 0) return {};
  const u32 offset = static_cast<u32>(address - reinterpret_cast<VirtAddr>(__kernel_start));
  const u32* end = ksyms_offsets + ksyms_count;
  const u32* above = std::upper_bound(ksyms_offsets, end, offset);
  if (above == ksyms_offsets) return {};
  const usize index = static_cast<usize>(above - ksyms_offsets) - 1;
  return {ksyms_names + ksyms_name_offsets[index], offset - ksyms_offsets[index]};
}

}  // namespace diag
