// Where read() puts data and write() takes it from: a program's memory, or the kernel's.
//
// A buffer is consumed from its front: each transfer moves it on. A fault in the program's memory ends a transfer
// early; the caller answers EFAULT if nothing was moved at all.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "kernel/mm/user_memory.hpp"

namespace vfs {

struct Segment {
  VirtAddr address = 0;
  usize size = 0;
};

// The part that ReadBuffer and WriteBuffer share: a list of segments and a position in it.
class Segments {
 public:
  usize remaining() const { return remaining_; }
  bool empty() const { return remaining_ == 0; }
  // Uses at most `size` bytes from here on.
  void limit(usize size) { remaining_ = std::min(remaining_, size); }

 protected:
  Segments(bool is_user, VirtAddr address, usize size) : single_{address, size}, remaining_(size), is_user_(is_user) {}
  Segments(bool is_user, std::span<const Segment> segments)
      : segments_(segments.data()), count_(segments.size()), is_user_(is_user) {
    for (const Segment& segment : segments) remaining_ += segment.size;
  }

  // Calls move(address, size) -> bytes moved, for pieces of at most `size` bytes altogether. Stops at a short one.
  template <class Move>
  usize advance(usize size, Move&& move) {
    usize done = 0;
    size = std::min(size, remaining_);
    while (done < size) {
      const Segment& segment = segments_ == nullptr ? single_ : segments_[index_];
      const usize piece = std::min(size - done, segment.size - offset_);
      if (piece == 0) {
        ++index_;
        offset_ = 0;
        continue;
      }
      const usize moved = move(segment.address + offset_, piece);
      offset_ += moved;
      done += moved;
      remaining_ -= moved;
      if (moved != piece) break;
    }
    return done;
  }
  bool is_user() const { return is_user_; }

 private:
  Segment single_;
  const Segment* segments_ = nullptr;
  usize count_ = 0;
  usize index_ = 0;
  usize offset_ = 0;
  usize remaining_ = 0;
  bool is_user_;
};

// A destination: read() fills it.
class ReadBuffer : public Segments {
 public:
  static ReadBuffer user(VirtAddr address, usize size) { return {true, address, size}; }
  static ReadBuffer user(std::span<const Segment> segments) { return {true, segments}; }
  static ReadBuffer kernel(void* memory, usize size) { return {false, reinterpret_cast<VirtAddr>(memory), size}; }

  // Returns the bytes taken; fewer than offered after a fault or at the buffer's end.
  usize put(const void* data, usize size) {
    const u8* from = static_cast<const u8*>(data);
    return advance(size, [&](VirtAddr to, usize piece) {
      const usize moved = is_user() ? mm::copy_to_user_partly(to, from, piece)
                                    : (std::memcpy(reinterpret_cast<void*>(to), from, piece), piece);
      from += moved;
      return moved;
    });
  }
  usize put_zeros(usize size) {
    return advance(size, [&](VirtAddr to, usize piece) {
      return is_user() ? mm::clear_user_partly(to, piece) : (std::memset(reinterpret_cast<void*>(to), 0, piece), piece);
    });
  }

 private:
  using Segments::Segments;
};

// A source: write() empties it.
class WriteBuffer : public Segments {
 public:
  static WriteBuffer user(VirtAddr address, usize size) { return {true, address, size}; }
  static WriteBuffer user(std::span<const Segment> segments) { return {true, segments}; }
  static WriteBuffer kernel(const void* memory, usize size) {
    return {false, reinterpret_cast<VirtAddr>(memory), size};
  }

  usize take(void* data, usize size) {
    u8* to = static_cast<u8*>(data);
    return advance(size, [&](VirtAddr from, usize piece) {
      const usize moved = is_user() ? mm::copy_from_user_partly(to, from, piece)
                                    : (std::memcpy(to, reinterpret_cast<const void*>(from), piece), piece);
      to += moved;
      return moved;
    });
  }
  // Passes over bytes without looking at them.
  usize skip(usize size) {
    return advance(size, [](VirtAddr, usize piece) { return piece; });
  }

 private:
  using Segments::Segments;
};

}  // namespace vfs
