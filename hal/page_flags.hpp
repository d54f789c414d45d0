// The portable meaning of a page-table entry; each architecture translates it in <arch_impl/pte.hpp>.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal {

enum class PageFlags : u32 {
  None = 0,
  Read = 1 << 0,
  Write = 1 << 1,
  Exec = 1 << 2,
  User = 1 << 3,          // reachable from user mode, and not executable by the kernel
  Global = 1 << 4,        // the same in every address space
  Device = 1 << 5,        // uncached, strictly ordered
  WriteCombine = 1 << 6,  // uncached, writes may be merged (framebuffers)
  Dirty = 1 << 7,         // written since it was mapped; set by the kernel with Write, never by hardware alone
  Cow = 1 << 8,           // software: writable by right, mapped read-only until the frame is our own
};

constexpr PageFlags operator|(PageFlags a, PageFlags b) {
  return static_cast<PageFlags>(static_cast<u32>(a) | static_cast<u32>(b));
}
constexpr PageFlags operator&(PageFlags a, PageFlags b) {
  return static_cast<PageFlags>(static_cast<u32>(a) & static_cast<u32>(b));
}
constexpr PageFlags operator~(PageFlags a) { return static_cast<PageFlags>(~static_cast<u32>(a)); }
constexpr PageFlags& operator|=(PageFlags& a, PageFlags b) { return a = a | b; }
constexpr bool any(PageFlags flags) { return flags != PageFlags::None; }
constexpr bool has(PageFlags flags, PageFlags wanted) { return (flags & wanted) == wanted; }

}  // namespace hal
