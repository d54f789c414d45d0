// Pointers that a program passed, as types.
//
// UserIn<T> and UserOut<T> hold an address that nobody has checked; only the copy functions here look at it. They check
// that it lies in the user half, copy with fault fix-ups, and answer EFAULT. T is trivially copyable. May sleep.
#pragma once

#include <algorithm>
#include <span>
#include <type_traits>

#include "hal/layout.hpp"
#include "hal/user_access.hpp"
#include "kernel/lib/result.hpp"

namespace mm {

inline Status copy_from_user(void* to, VirtAddr from, usize size) {
  if (!hal::is_user_range(from, size) || hal::hal_copy_from_user(to, from, size) != 0) return Err(Errno::EFAULT);
  return {};
}
inline Status copy_to_user(VirtAddr to, const void* from, usize size) {
  if (!hal::is_user_range(to, size) || hal::hal_copy_to_user(to, from, size) != 0) return Err(Errno::EFAULT);
  return {};
}

// How much could be copied before a fault: for reads and writes, which may be partial.
inline usize copy_from_user_partly(void* to, VirtAddr from, usize size) {
  return hal::is_user_range(from, size) ? size - hal::hal_copy_from_user(to, from, size) : 0;
}
inline usize copy_to_user_partly(VirtAddr to, const void* from, usize size) {
  return hal::is_user_range(to, size) ? size - hal::hal_copy_to_user(to, from, size) : 0;
}
inline usize clear_user_partly(VirtAddr to, usize size) {
  return hal::is_user_range(to, size) ? size - hal::hal_clear_user(to, size) : 0;
}

template <class T>
class UserIn {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  constexpr UserIn() = default;
  constexpr explicit UserIn(VirtAddr address) : address_(address) {}
  explicit operator bool() const { return address_ != 0; }
  VirtAddr address() const { return address_; }

  Result<T> get(usize index = 0) const {
    T value;
    TRY(copy_from_user(&value, address_ + index * sizeof(T), sizeof(T)));
    return value;
  }
  Status get(std::span<T> values) const { return copy_from_user(values.data(), address_, values.size_bytes()); }

 private:
  VirtAddr address_ = 0;
};

template <class T>
class UserOut {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  constexpr UserOut() = default;
  constexpr explicit UserOut(VirtAddr address) : address_(address) {}
  explicit operator bool() const { return address_ != 0; }
  VirtAddr address() const { return address_; }

  Status put(const T& value, usize index = 0) const {
    return copy_to_user(address_ + index * sizeof(T), &value, sizeof(T));
  }
  Status put(std::span<const T> values) const { return copy_to_user(address_, values.data(), values.size_bytes()); }

 private:
  VirtAddr address_ = 0;
};

// Read and written by the same call.
template <class T>
class UserInOut {
 public:
  constexpr UserInOut() = default;
  constexpr explicit UserInOut(VirtAddr address) : address_(address) {}
  explicit operator bool() const { return address_ != 0; }
  VirtAddr address() const { return address_; }
  Result<T> get(usize index = 0) const { return UserIn<T>(address_).get(index); }
  Status put(const T& value, usize index = 0) const { return UserOut<T>(address_).put(value, index); }

 private:
  VirtAddr address_ = 0;
};

// A string that ends with NUL.
class UserString {
 public:
  constexpr UserString() = default;
  constexpr explicit UserString(VirtAddr address) : address_(address) {}
  explicit operator bool() const { return address_ != 0; }
  VirtAddr address() const { return address_; }

  // Copies it with its NUL; the length without. `too_long` when it does not fit. EFAULT.
  Result<usize> copy(std::span<char> to, Errno too_long) const {
    if (!hal::is_user_range(address_, 1)) return Err(Errno::EFAULT);
    const usize room = std::min<usize>(to.size(), hal::arch::user_end() - address_);
    const isize length = hal::hal_copy_string_from_user(to.data(), address_, room);
    if (length < 0) return Err(Errno::EFAULT);
    if (static_cast<usize>(length) >= room) return Err(room == to.size() ? too_long : Errno::EFAULT);
    return static_cast<usize>(length);
  }

 private:
  VirtAddr address_ = 0;
};

}  // namespace mm
