// What the compiler expects of its run-time library on a CPU without bit-manipulation and sub-word atomic instructions.
// Debian's library is compiled for another calling convention, with floating-point registers.
#include "kernel/lib/types.hpp"

extern "C" {

int __clzdi2(u64 value) {
  int zeros = 0;
  for (unsigned step = 32; step != 0; step /= 2) {
    if (value >> (64 - step) != 0) continue;
    zeros += static_cast<int>(step);
    value <<= step;
  }
  return zeros;
}

int __ctzdi2(u64 value) { return 63 - __clzdi2(value & -value); }

int __ffsdi2(u64 value) { return value == 0 ? 0 : __ctzdi2(value) + 1; }

int __popcountdi2(u64 value) {
  value -= value >> 1 & 0x5555'5555'5555'5555;
  value = (value & 0x3333'3333'3333'3333) + (value >> 2 & 0x3333'3333'3333'3333);
  value = (value + (value >> 4)) & 0x0f0f'0f0f'0f0f'0f0f;
  return static_cast<int>((value * 0x0101'0101'0101'0101) >> 56);
}

u32 __bswapsi2(u32 value) {
  value = (value & 0x00ff'00ff) << 8 | (value >> 8 & 0x00ff'00ff);
  return value << 16 | value >> 16;
}

u64 __bswapdi2(u64 value) {
  value = (value & 0x00ff'00ff'00ff'00ff) << 8 | (value >> 8 & 0x00ff'00ff'00ff'00ff);
  value = (value & 0x0000'ffff'0000'ffff) << 16 | (value >> 16 & 0x0000'ffff'0000'ffff);
  return value << 32 | value >> 32;
}

}  // extern "C"

namespace {

using u128 = unsigned __int128;

u128 join(u64 high, u64 low) { return static_cast<u128>(high) << 64 | low; }

// The aligned 32-bit word around a smaller object, and where in it the object is.
template <class T>
struct Part {
  explicit Part(volatile void* object) {
    const VirtAddr address = reinterpret_cast<VirtAddr>(object);
    word = reinterpret_cast<volatile u32*>(align_down(address, sizeof(u32)));
    shift = static_cast<unsigned>(address % sizeof(u32)) * 8;
    mask = static_cast<u32>(static_cast<T>(~T{0})) << shift;
  }
  T get(u32 whole) const { return static_cast<T>((whole & mask) >> shift); }
  u32 put(u32 whole, T value) const { return (whole & ~mask) | static_cast<u32>(value) << shift; }

  volatile u32* word;
  unsigned shift;
  u32 mask;
};

// Replaces *object by change(old) in one step; returns the old value.
template <class T, class Change>
T update(volatile void* object, Change change) {
  const Part<T> part(object);
  u32 seen = __atomic_load_n(part.word, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(part.word, &seen, part.put(seen, change(part.get(seen))), true, __ATOMIC_SEQ_CST,
                                      __ATOMIC_RELAXED)) {}
  return part.get(seen);
}

template <class T>
bool compare_exchange(volatile void* object, void* expected, T desired) {
  const Part<T> part(object);
  T& wanted = *static_cast<T*>(expected);
  u32 seen = __atomic_load_n(part.word, __ATOMIC_RELAXED);
  do {
    if (part.get(seen) != wanted) {
      __atomic_thread_fence(__ATOMIC_SEQ_CST);
      wanted = part.get(seen);
      return false;
    }
  } while (!__atomic_compare_exchange_n(part.word, &seen, part.put(seen, desired), true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED));
  return true;
}

}  // namespace

// The compiler knows these names with types of its own, so that they are given by label. The memory order that the
// caller asks for is the last argument; all are done in the strongest.
#define DEFINE_ATOMICS(type, size)                                                                          \
  extern "C" {                                                                                              \
  type riscv_exchange_##size(volatile void* object, type value, int) asm("__atomic_exchange_" #size);       \
  type riscv_fetch_add_##size(volatile void* object, type value, int) asm("__atomic_fetch_add_" #size);     \
  type riscv_fetch_sub_##size(volatile void* object, type value, int) asm("__atomic_fetch_sub_" #size);     \
  type riscv_fetch_and_##size(volatile void* object, type value, int) asm("__atomic_fetch_and_" #size);     \
  type riscv_fetch_or_##size(volatile void* object, type value, int) asm("__atomic_fetch_or_" #size);       \
  type riscv_fetch_xor_##size(volatile void* object, type value, int) asm("__atomic_fetch_xor_" #size);     \
  bool riscv_compare_exchange_##size(volatile void* object, void* expected, type desired, bool, int,        \
                                     int) asm("__atomic_compare_exchange_" #size);                          \
  }                                                                                                         \
  type riscv_exchange_##size(volatile void* object, type value, int) {                                      \
    return update<type>(object, [=](type) { return value; });                                               \
  }                                                                                                         \
  type riscv_fetch_add_##size(volatile void* object, type value, int) {                                     \
    return update<type>(object, [=](type old) { return static_cast<type>(old + value); });                  \
  }                                                                                                         \
  type riscv_fetch_sub_##size(volatile void* object, type value, int) {                                     \
    return update<type>(object, [=](type old) { return static_cast<type>(old - value); });                  \
  }                                                                                                         \
  type riscv_fetch_and_##size(volatile void* object, type value, int) {                                     \
    return update<type>(object, [=](type old) { return static_cast<type>(old & value); });                  \
  }                                                                                                         \
  type riscv_fetch_or_##size(volatile void* object, type value, int) {                                      \
    return update<type>(object, [=](type old) { return static_cast<type>(old | value); });                  \
  }                                                                                                         \
  type riscv_fetch_xor_##size(volatile void* object, type value, int) {                                     \
    return update<type>(object, [=](type old) { return static_cast<type>(old ^ value); });                  \
  }                                                                                                         \
  bool riscv_compare_exchange_##size(volatile void* object, void* expected, type desired, bool, int, int) { \
    return compare_exchange<type>(object, expected, desired);                                               \
  }

DEFINE_ATOMICS(u8, 1)
DEFINE_ATOMICS(u16, 2)

// Shifts of 128-bit numbers by a count that the compiler does not know.
extern "C" u128 __lshrti3(u128 value, int count) {
  const u64 high = static_cast<u64>(value >> 64), low = static_cast<u64>(value);
  if (count == 0) return value;
  if (count >= 64) return high >> (count - 64);
  return join(high >> count, low >> count | high << (64 - count));
}

extern "C" u128 __ashlti3(u128 value, int count) {
  const u64 high = static_cast<u64>(value >> 64), low = static_cast<u64>(value);
  if (count == 0) return value;
  if (count >= 64) return join(low << (count - 64), 0);
  return join(high << count | low >> (64 - count), low << count);
}
