// The firmware's memory map at the end of boot services (UEFI specification 2.10, 7.2.3). Pure parsing.
#pragma once

#include <span>

#include "kernel/lib/efi/api.hpp"

namespace lib::efi {

struct MemoryMap {
  std::span<const u8> bytes;
  usize step = 0;  // from one descriptor to the next
};

inline constexpr u64 kWriteBack = 1 << 3;  // EFI_MEMORY_WB

// RAM that nobody needs any more: also what boot services and loaders had, but for what a loader hands over.
inline bool is_ram(const MemoryDescriptor& entry) {
  switch (entry.type) {
    case MemoryType::LoaderCode:
    case MemoryType::LoaderData:
    case MemoryType::BootServicesCode:
    case MemoryType::BootServicesData:
    case MemoryType::Conventional: return (entry.attributes & kWriteBack) != 0;
    default: return false;
  }
}

// What firmware keeps its tables in: memory, whoever it is for.
inline bool is_memory(const MemoryDescriptor& entry) {
  switch (entry.type) {
    case MemoryType::Reserved:
    case MemoryType::RuntimeServicesCode:
    case MemoryType::RuntimeServicesData:
    case MemoryType::AcpiReclaim:
    case MemoryType::AcpiNvs: return (entry.attributes & kWriteBack) != 0;
    default: return is_ram(entry);
  }
}

// Calls fn(const MemoryDescriptor&) for each whose end is an address.
template <class Fn>
void for_each_descriptor(const MemoryMap& map, Fn fn) {
  if (map.step < sizeof(MemoryDescriptor) || map.step % alignof(MemoryDescriptor) != 0) return;
  for (usize at = 0; at + map.step <= map.bytes.size(); at += map.step) {
    const auto& entry = *reinterpret_cast<const MemoryDescriptor*>(map.bytes.data() + at);
    if (entry.pages != 0 && entry.pages <= (~u64{0} - entry.base) / kPageSize) fn(entry);
  }
}

// Calls fn(base, size) in bytes for every range of RAM.
template <class Fn>
void for_each_ram(const MemoryMap& map, Fn fn) {
  for_each_descriptor(map, [&](const MemoryDescriptor& entry) {
    if (is_ram(entry)) fn(entry.base, entry.pages * kPageSize);
  });
}

// True if all of it is memory: reading there is safe.
inline bool covers(const MemoryMap& map, u64 base, u64 size) {
  if (size > ~base) return false;
  const u64 end = base + size;
  for (u64 reached = base; reached < end;) {
    u64 next = reached;
    for_each_descriptor(map, [&](const MemoryDescriptor& entry) {
      const u64 entry_end = entry.base + entry.pages * kPageSize;
      if (is_memory(entry) && entry.base <= reached && entry_end > next) next = entry_end;
    });
    if (next == reached) return false;
    reached = next;
  }
  return true;
}

}  // namespace lib::efi
