// Integer names and the two kinds of address.
//
// A physical address is a type of its own so that it cannot be dereferenced or mixed up with a virtual one; a virtual
// address is a plain integer because it is computed with all the time.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;
using usize = std::size_t;
using isize = std::ptrdiff_t;

using VirtAddr = std::uintptr_t;

struct PhysAddr {
  u64 value = 0;

  constexpr auto operator<=>(const PhysAddr&) const = default;
  constexpr PhysAddr operator+(u64 bytes) const { return {value + bytes}; }
  constexpr PhysAddr operator-(u64 bytes) const { return {value - bytes}; }
  constexpr u64 operator-(PhysAddr other) const { return value - other.value; }
  constexpr PhysAddr& operator+=(u64 bytes) {
    value += bytes;
    return *this;
  }
};

inline constexpr unsigned kPageShift = 12;
inline constexpr usize kPageSize = usize{1} << kPageShift;
inline constexpr usize kPageMask = kPageSize - 1;

// `alignment` is a power of two.
template <class T>
constexpr T align_down(T value, u64 alignment) {
  return static_cast<T>(value & ~static_cast<T>(alignment - 1));
}
template <class T>
constexpr T align_up(T value, u64 alignment) {
  return align_down(static_cast<T>(value + static_cast<T>(alignment - 1)), alignment);
}
constexpr PhysAddr align_down(PhysAddr address, u64 alignment) { return {align_down(address.value, alignment)}; }
constexpr PhysAddr align_up(PhysAddr address, u64 alignment) { return {align_up(address.value, alignment)}; }

constexpr u64 pages_for(u64 bytes) { return (bytes + kPageMask) >> kPageShift; }

inline constexpr u64 KiB = 1024;
inline constexpr u64 MiB = 1024 * KiB;
inline constexpr u64 GiB = 1024 * MiB;
