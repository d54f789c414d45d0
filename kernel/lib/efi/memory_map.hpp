// The firmware's memory map at the end of boot services (UEFI specification 2.10, 7.2.3). Pure parsing.
#pragma once

#include <span>

#include "kernel/lib/efi/api.hpp"

namespace lib::efi {

// RAM that nobody needs any more: also what boot services and loaders had, but for what a loader hands over.
inline bool is_ram(const MemoryDescriptor& entry) {
  constexpr u64 kWriteBack = 1 << 3;
  switch (entry.type) {
    case MemoryType::LoaderCode:
    case MemoryType::LoaderData:
    case MemoryType::BootServicesCode:
    case MemoryType::BootServicesData:
    case MemoryType::Conventional: return (entry.attributes & kWriteBack) != 0;
    default: return false;
  }
}

// Calls fn(base, size) in bytes for every range of RAM of a map whose descriptors are `step` bytes apart.
template <class Fn>
void for_each_ram(std::span<const u8> map, usize step, Fn fn) {
  if (step < sizeof(MemoryDescriptor) || step % alignof(MemoryDescriptor) != 0) return;
  for (usize at = 0; at + step <= map.size(); at += step) {
    const auto& entry = *reinterpret_cast<const MemoryDescriptor*>(map.data() + at);
    const bool fits = entry.pages != 0 && entry.pages <= (~u64{0} - entry.base) / kPageSize;
    if (is_ram(entry) && fits) fn(entry.base, entry.pages * kPageSize);
  }
}

}  // namespace lib::efi
