// read() and write() by way of the page cache, for everything that has pages: regular files, disks.
#pragma once

#include "fs/vfs/buffer.hpp"
#include "kernel/mm/vm_object.hpp"

namespace vfs {

// Copies from the pages, up to `size()` bytes of file; asked anew for each page, because it may change. `position`
// moves on. A partial transfer is a result. EFAULT, EIO, ENOMEM. May sleep.
template <class Size>
Result<usize> read_through(mm::VmObject& pages, ReadBuffer& buffer, u64& position, Size&& size);

// Copies into the pages. grown(position) is called after each page that was filled. Others do not write the same file
// meanwhile. EFAULT, EIO, ENOSPC, ENOMEM.
template <class Grown>
Result<usize> write_through(mm::VmObject& pages, WriteBuffer& buffer, u64& position, Grown&& grown);

// One page's part of a write: fills [offset, offset + piece) of page `index` from the buffer. The bytes that were
// moved.
Result<usize> write_page_part(mm::VmObject& pages, WriteBuffer& buffer, u64 index, usize offset, usize piece);

template <class Size>
Result<usize> read_through(mm::VmObject& pages, ReadBuffer& buffer, u64& position, Size&& size) {
  usize done = 0;
  while (!buffer.empty()) {
    const u64 end = size();
    if (position >= end) break;
    const usize offset = position & kPageMask;
    const usize piece = std::min<u64>({kPageSize - offset, end - position, buffer.remaining()});
    const auto frame = pages.page(position >> kPageShift);
    if (!frame) {
      if (done != 0 || position >= size()) break;  // the end may have moved to before us
      return Err(frame.error());
    }
    const usize moved = buffer.put(static_cast<u8*>(mm::memory_of(*frame)) + offset, piece);
    mm::release_frame(*frame);
    done += moved;
    position += moved;
    if (moved != piece) {
      if (done == 0) return Err(Errno::EFAULT);
      break;
    }
  }
  return done;
}

template <class Grown>
Result<usize> write_through(mm::VmObject& pages, WriteBuffer& buffer, u64& position, Grown&& grown) {
  usize done = 0;
  while (!buffer.empty()) {
    const usize offset = position & kPageMask;
    const usize piece = std::min<usize>(kPageSize - offset, buffer.remaining());
    const auto moved = write_page_part(pages, buffer, position >> kPageShift, offset, piece);
    if (!moved) {
      if (done != 0) break;
      return Err(moved.error());
    }
    done += *moved;
    position += *moved;
    grown(position);
    if (*moved != piece) {
      if (done == 0) return Err(Errno::EFAULT);
      break;
    }
  }
  return done;
}

}  // namespace vfs
