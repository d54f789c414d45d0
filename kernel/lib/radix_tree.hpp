// A map from 64-bit numbers to pointers, for page caches: 64 children a node, as high as the largest number needs.
//
// Not locked. insert() may need memory and can fail; look-ups and removals cannot. Empty nodes go at once.
#pragma once

#include "kernel/lib/allocate.hpp"

namespace lib {

template <class T>
class RadixTree {
 public:
  RadixTree() = default;
  RadixTree(const RadixTree&) = delete;
  RadixTree& operator=(const RadixTree&) = delete;
  // The items are the owner's: it removes them before.
  ~RadixTree() { free_node(root_, height_); }

  T* find(u64 index) const {
    if (!covers(index)) return nullptr;
    void* at = root_;
    for (u32 level = height_; level > 0 && at != nullptr; --level) at = node(at)->slots[digit(index, level - 1)];
    return static_cast<T*>(at);
  }

  // The place must be empty. ENOMEM: nothing changed that anybody can see.
  [[nodiscard]] Status insert(u64 index, T* item) {
    while (!covers(index)) TRY(grow());
    Node* at = TRY(ensure(root_));
    for (u32 level = height_ - 1; level > 0; --level) {
      void*& slot = at->slots[digit(index, level)];
      const bool was_empty = slot == nullptr;
      Node* next = TRY(ensure(slot));
      if (was_empty) ++at->used;
      at = next;
    }
    at->slots[digit(index, 0)] = item;
    ++at->used;
    return {};
  }

  // The item that was there, or null.
  T* remove(u64 index) {
    if (!covers(index)) return nullptr;
    Node* path[kMaxHeight];
    void* at = root_;
    for (u32 level = height_; level > 0; --level) {
      if (at == nullptr) return nullptr;
      path[level - 1] = node(at);
      at = node(at)->slots[digit(index, level - 1)];
    }
    if (at == nullptr) return nullptr;
    for (u32 level = 0; level < height_; ++level) {
      path[level]->slots[digit(index, level)] = nullptr;
      if (--path[level]->used != 0) return static_cast<T*>(at);
      destroy(path[level]);
    }
    root_ = nullptr;
    height_ = 0;
    return static_cast<T*>(at);
  }

  // The first item at or above `index`, which is moved there; null if there is none.
  T* next(u64& index) const {
    for (;;) {
      if (root_ == nullptr || !covers(index)) return nullptr;
      void* at = root_;
      u32 level = height_;
      while (level > 0 && at != nullptr) at = node(at)->slots[digit(index, --level)];
      if (at != nullptr) return static_cast<T*>(at);
      // Nothing below this slot: on to the next one at this level.
      const u64 step = u64{1} << (kShift * level);
      const u64 following = (index & ~(step - 1)) + step;
      if (following <= index) return nullptr;
      index = following;
    }
  }

  bool empty() const { return root_ == nullptr; }

 private:
  static constexpr u32 kShift = 6;
  static constexpr u32 kMaxHeight = 11;  // 66 bits
  struct Node {
    void* slots[1 << kShift] = {};
    u32 used = 0;
  };

  static Node* node(void* at) { return static_cast<Node*>(at); }
  static usize digit(u64 index, u32 level) { return (index >> (kShift * level)) & ((1 << kShift) - 1); }
  bool covers(u64 index) const {
    return height_ * kShift >= 64 || index >> (height_ * kShift) == 0 ? height_ != 0 : false;
  }

  static Result<Node*> ensure(void*& slot) {
    if (slot == nullptr) slot = try_new<Node>();
    if (slot == nullptr) return Err(Errno::ENOMEM);
    return node(slot);
  }
  Status grow() {
    if (root_ != nullptr) {
      Node* above = try_new<Node>();
      if (above == nullptr) return Err(Errno::ENOMEM);
      above->slots[0] = root_;
      above->used = 1;
      root_ = above;
    }
    ++height_;
    return {};
  }
  static void free_node(void* at, u32 level) {
    if (at == nullptr || level == 0) return;
    for (void* child : node(at)->slots) free_node(child, level - 1);
    destroy(node(at));
  }

  void* root_ = nullptr;
  u32 height_ = 0;
};

}  // namespace lib
