// ACPI tables (ACPI 6.5, chapter 5.2): finding them and proving that they can be read.
//
// Pure parsing over bytes that somebody else makes reachable; no allocation, no state but the root's address.
// Everything in a table is taken for hostile: lengths and checksums are checked before anything inside is read, and
// what does not hold is skipped. All fields are read byte-wise: tables may be misaligned. Nothing here locks; tables
// never change.
#pragma once

#include <span>

#include "kernel/lib/types.hpp"

namespace lib::acpi {

using Bytes = std::span<const u8>;

// Makes physical memory readable for as long as the caller of Tables uses it. Empty where it cannot.
struct Mapper {
  Bytes (*map)(void* context, PhysAddr address, usize size) = nullptr;
  void* context = nullptr;

  Bytes operator()(PhysAddr address, usize size) const { return map(context, address, size); }
};

// Little-endian integers; the caller has checked the length.
template <class T>
constexpr T read(Bytes bytes, usize offset) {
  u64 value = 0;
  for (usize i = 0; i < sizeof(T); ++i) value |= u64{bytes[offset + i]} << (8 * i);
  return static_cast<T>(value);
}
// 0 where the table is too short to have the field: older revisions end earlier.
template <class T>
constexpr T read_or_zero(Bytes bytes, usize offset) {
  return offset + sizeof(T) <= bytes.size() ? read<T>(bytes, offset) : T{0};
}

// A four-letter signature as the integer that it is in memory.
constexpr u32 signature(const char (&name)[5]) {
  return static_cast<u32>(static_cast<u8>(name[0]) | static_cast<u8>(name[1]) << 8 | static_cast<u8>(name[2]) << 16 |
                          static_cast<u32>(static_cast<u8>(name[3])) << 24);
}

// Common header of all tables but the FACS (table 5.4): signature 4, length 4, revision 1, checksum 1, ids.
inline constexpr usize kHeaderSize = 36;
// Longer than any real table; keeps a broken length from mapping the world.
inline constexpr usize kMaxTableSize = 16 * MiB;

class Tables {
 public:
  Tables() = default;
  // `rsdp` is what the loader found. An object without tables results where anything is wrong with it.
  Tables(PhysAddr rsdp, Mapper mapper);

  bool empty() const { return entry_count_ == 0; }

  // The `index`-th table of that signature, header included, checksum correct. Empty: there is none. The DSDT is not in
  // the root's list: ask fadt() for its address and get it with at().
  Bytes find(u32 wanted, usize index = 0) const;
  // True if the root's list has a table of that signature, even one that find() does not believe.
  bool lists(u32 wanted) const;
  // A table by its address. Empty where length or checksum do not hold.
  Bytes at(PhysAddr address) const;

  // Calls fn(PhysAddr, Bytes) for every valid table of the list.
  template <class Fn>
  void for_each(Fn fn) const {
    for (usize i = 0; i < entry_count_; ++i) {
      const PhysAddr address = entry(i);
      if (const Bytes table = at(address); !table.empty()) fn(address, table);
    }
  }
  // The XSDT or RSDT itself.
  PhysAddr root_address() const { return root_address_; }

 private:
  PhysAddr entry(usize index) const;

  Mapper mapper_;
  Bytes root_;
  PhysAddr root_address_;
  usize entry_size_ = 8;  // 8 in an XSDT, 4 in an RSDT
  usize entry_count_ = 0;
};

// The sum of all bytes, which is 0 in a correct table.
u8 checksum(Bytes bytes);

}  // namespace lib::acpi
