// Where the kernel's objects come from.
//
// The room above (kernel/mm/heap.cpp; malloc in host tests) implements allocate() and deallocate(). Running out of
// memory is an ordinary error: nothing throws, and plain `new` is not available.
#pragma once

#include <new>
#include <utility>

#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"

namespace lib {

// Not cleared; aligned to 16 bytes, from 4096 bytes on to 4096. Null where memory is short. Any context.
[[nodiscard]] void* allocate(usize size);
// Accepts null. Any context.
void deallocate(void* memory);

template <class T, class... Arguments>
[[nodiscard]] T* try_new(Arguments&&... arguments) {
  void* memory = allocate(sizeof(T));
  return memory == nullptr ? nullptr : ::new (memory) T(std::forward<Arguments>(arguments)...);
}

template <class T>
void destroy(T* object) {
  if (object == nullptr) return;
  object->~T();
  deallocate(object);
}

// Sole owner of an object made by make_own().
template <class T>
class Own {
 public:
  Own() = default;
  explicit Own(T* object) : object_(object) {}
  Own(Own&& other) noexcept : object_(other.release()) {}
  Own& operator=(Own&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~Own() { destroy(object_); }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  [[nodiscard]] T* release() { return std::exchange(object_, nullptr); }
  void reset(T* object = nullptr) { destroy(std::exchange(object_, object)); }

 private:
  T* object_ = nullptr;
};

template <class T, class... Arguments>
Result<Own<T>> make_own(Arguments&&... arguments) {
  T* object = try_new<T>(std::forward<Arguments>(arguments)...);
  if (object == nullptr) return Err(Errno::ENOMEM);
  return Own<T>(object);
}

}  // namespace lib
