// Shared objects with a count inside.
//
// A class derives from RefCounted<Itself>; it is born with one reference, which make_ref() or adopt() takes over. The
// last reference to go calls T::destroy_last(), by default deletion. Counts are atomic; the objects' contents are not.
#pragma once

#include <atomic>
#include <utility>

#include "kernel/lib/allocate.hpp"

namespace lib {

template <class T>
class RefCounted {
 public:
  void acquire() const { count_.fetch_add(1, std::memory_order_relaxed); }

  // Takes a reference unless the last one is gone already; for look-up tables that hold no reference themselves.
  [[nodiscard]] bool try_acquire() const {
    u32 seen = count_.load(std::memory_order_relaxed);
    while (seen != 0) {
      if (count_.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire, std::memory_order_relaxed))
        return true;
    }
    return false;
  }

  void release() const {
    if (!drop()) return;
    T* self = const_cast<T*>(static_cast<const T*>(this));
    T::destroy_last(self);
  }

  // Gives a reference back without destroying anything: true if it was the last, and destroying is the caller's task.
  [[nodiscard]] bool drop() const {
    if (count_.fetch_sub(1, std::memory_order_release) != 1) return false;
    // Sees what the others wrote before they let go. A load, not a fence, which the thread sanitizer does not know.
    static_cast<void>(count_.load(std::memory_order_acquire));
    return true;
  }

  u32 reference_count() const { return count_.load(std::memory_order_relaxed); }
  static void destroy_last(T* self) { destroy(self); }

 protected:
  RefCounted() = default;
  ~RefCounted() = default;

 private:
  mutable std::atomic<u32> count_ = 1;
};

template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  // Takes another reference to an object that somebody keeps alive.
  explicit Ref(T* object) : object_(object) {
    if (object_ != nullptr) object_->acquire();
  }
  explicit Ref(T& object) : Ref(&object) {}
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(other.leak()) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Ref(const Ref<U>& other) : Ref(other.get()) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Ref(Ref<U>&& other) noexcept : object_(other.leak()) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->release();
  }

  // Takes over a reference that exists already.
  static Ref adopt(T* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool operator==(const Ref& other) const = default;
  bool operator==(const T* other) const { return object_ == other; }
  // The reference stays counted and becomes the caller's to give back.
  [[nodiscard]] T* leak() { return std::exchange(object_, nullptr); }
  void reset() { *this = Ref(); }

 private:
  T* object_ = nullptr;
};

template <class T, class... Arguments>
Result<Ref<T>> make_ref(Arguments&&... arguments) {
  T* object = try_new<T>(std::forward<Arguments>(arguments)...);
  if (object == nullptr) return Err(Errno::ENOMEM);
  return Ref<T>::adopt(object);
}

template <class To, class From>
Ref<To> static_ref_cast(const Ref<From>& from) {
  return Ref<To>(static_cast<To*>(from.get()));
}

}  // namespace lib
