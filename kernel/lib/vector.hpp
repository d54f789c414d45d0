// A growing array whose growth can fail, and a byte string on top of it.
#pragma once

#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "kernel/lib/allocate.hpp"

namespace lib {

template <class T>
class Vector {
 public:
  Vector() = default;
  Vector(Vector&& other) noexcept
      : items_(std::exchange(other.items_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Vector& operator=(Vector&& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Vector() {
    clear();
    deallocate(items_);
  }

  [[nodiscard]] Status reserve(usize capacity) {
    if (capacity <= capacity_) return {};
    if (capacity > ~usize{0} / sizeof(T)) return Err(Errno::ENOMEM);
    T* fresh = static_cast<T*>(allocate(capacity * sizeof(T)));
    if (fresh == nullptr) return Err(Errno::ENOMEM);
    for (usize i = 0; i < size_; ++i) {
      ::new (&fresh[i]) T(std::move(items_[i]));
      items_[i].~T();
    }
    deallocate(items_);
    items_ = fresh;
    capacity_ = capacity;
    return {};
  }
  // Room for `size` items, and for as many again, so that growing step by step stays cheap.
  [[nodiscard]] Status grow_by_doubling(usize size) {
    return size <= capacity_ ? Status() : reserve(size > capacity_ * 2 ? size : capacity_ * 2);
  }
  [[nodiscard]] Status push(T item) {
    if (size_ == capacity_) TRY(reserve(capacity_ == 0 ? 4 : capacity_ * 2));
    ::new (&items_[size_++]) T(std::move(item));
    return {};
  }
  // New items are value-initialized.
  [[nodiscard]] Status resize(usize size) {
    TRY(reserve(size));
    while (size_ > size) items_[--size_].~T();
    if constexpr (std::is_trivial_v<T>) {
      // What value-initialization comes to, but not item by item.
      if (size_ < size) std::memset(static_cast<void*>(items_ + size_), 0, (size - size_) * sizeof(T));
      size_ = size;
    } else {
      while (size_ < size) ::new (&items_[size_++]) T();
    }
    return {};
  }
  void pop() { items_[--size_].~T(); }
  // Closes the gap by moving the later items.
  void remove_at(usize index) {
    for (usize i = index + 1; i < size_; ++i) items_[i - 1] = std::move(items_[i]);
    pop();
  }
  void clear() {
    while (size_ != 0) pop();
  }

  usize size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return items_; }
  const T* data() const { return items_; }
  T& operator[](usize index) { return items_[index]; }
  const T& operator[](usize index) const { return items_[index]; }
  T& back() { return items_[size_ - 1]; }
  T* begin() { return items_; }
  T* end() { return items_ + size_; }
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }
  operator std::span<T>() { return {items_, size_}; }
  operator std::span<const T>() const { return {items_, size_}; }

 private:
  T* items_ = nullptr;
  usize size_ = 0;
  usize capacity_ = 0;
};

// An immutable, NUL-terminated string of its own.
class String {
 public:
  String() = default;
  static Result<String> copy(std::string_view text) {
    String string;
    TRY(string.bytes_.resize(text.size() + 1));
    if (!text.empty()) std::memcpy(string.bytes_.data(), text.data(), text.size());
    return string;
  }
  std::string_view view() const { return {c_str(), size()}; }
  const char* c_str() const { return bytes_.empty() ? "" : bytes_.data(); }
  usize size() const { return bytes_.empty() ? 0 : bytes_.size() - 1; }
  bool empty() const { return size() == 0; }

 private:
  Vector<char> bytes_;
};

}  // namespace lib
