// Where the pages of a FileObject come from and go to: a file on a disk, or the disk itself.
//
// All may sleep, and are called without any lock of the page cache. Page numbers count from 0; frames are in the order
// of pages. A store outlives its object's use of it (FileObject::detach()).
#pragma once

#include <span>

#include "kernel/lib/result.hpp"
#include "kernel/mm/frame.hpp"

namespace mm {

class PageStore {
 public:
  // Fills the pages from `first` on; what is stored nowhere reads as zeros. EIO, ENOMEM.
  virtual Status read_pages(u64 first, std::span<PageFrame* const> frames) = 0;
  // Writes them, and returns when the device has them (not necessarily durable). EIO.
  virtual Status write_pages(u64 first, std::span<PageFrame* const> frames) = 0;
  // The bytes [from, to) of a page are about to become dirty: makes sure that there will be room for them. `extends`:
  // write(2), which may go past the end; a store through a mapping may not. ENOSPC, EIO, EROFS.
  virtual Status reserve(u64 index, u32 from, u32 to, bool extends) = 0;
  // True if a page that is dirty may still have parts without room (blocks smaller than a page).
  virtual bool reserves_parts() const { return false; }
  // A page became dirty: the store's owner shall call write_back() some day. Any context without spinning locks.
  virtual void became_dirty() {}

 protected:
  ~PageStore() = default;
};

}  // namespace mm
