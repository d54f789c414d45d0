// One transfer between memory and a block device, asynchronous.
//
// A Request belongs to whoever made it and must stay until `done` was called. From submit() to then it is the device's:
// the list node and `next_merged` are the queue's, which joins neighbours into chains; a driver works on a chain.
// Positions are in sectors of 512 bytes, whatever the device's own sector size is; they are multiples of that size.
#pragma once

#include <span>

#include "kernel/lib/list.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/mm/frame.hpp"

namespace block {

inline constexpr u32 kSectorShift = 9;
inline constexpr u32 kSectorSize = 1 << kSectorShift;

enum class Operation : u8 { Read, Write, Flush, Discard };

// A piece of physically contiguous memory: `length` bytes from `offset` on in the frame and those that follow it.
struct Segment {
  mm::PageFrame* frame = nullptr;
  u32 offset = 0;
  u32 length = 0;
  PhysAddr address() const { return mm::address_of(frame) + offset; }
  u8* memory() const { return static_cast<u8*>(mm::memory_of(frame)) + offset; }
};
// The segment that describes heap memory or a frame's own.
inline Segment segment_of(const void* memory, u32 length) {
  return {mm::frame_of(memory), static_cast<u32>(reinterpret_cast<VirtAddr>(memory) & kPageMask), length};
}

struct Request : lib::ListNode {
  // Called once, possibly in interrupt context; the request is the caller's again. EIO, ENODEV, ...
  using Done = void (*)(Request& request, Status status);

  Operation operation = Operation::Read;
  u64 sector = 0;
  u32 sectors = 0;  // Flush: 0
  std::span<const Segment> segments;
  Done done = nullptr;
  Request* next_merged = nullptr;

  u64 end() const { return sector + sectors; }
};

// What a driver is given at most in one chain.
struct Limits {
  u32 max_segments = 64;
  u32 max_sectors = 1024;  // 512 KiB
  u32 queue_depth = 32;    // chains at a time
  bool can_discard = false;
};

// Visits every segment of a chain in the order of the device's sectors.
template <class Visit>
void for_each_segment(const Request& chain, Visit&& visit) {
  for (const Request* at = &chain; at != nullptr; at = at->next_merged) {
    for (const Segment& segment : at->segments) visit(segment);
  }
}
u32 chain_segments(const Request& chain);
u32 chain_sectors(const Request& chain);
// Calls done() for each request of the chain.
void finish_chain(Request& chain, Status status);

}  // namespace block
