// Kernel memory of whole pages at contiguous addresses, whose rights can be changed: copies of package files and the
// code of loaded drivers.
//
// Sole owner of its address range and frames. Readable and writable when made; seal() changes that page by page, never
// to writable and executable at once. Nobody may be using what is unmapped or sealed. Not thread-safe.
#pragma once

#include "hal/page_flags.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"
#include "kernel/lib/vector.hpp"

namespace device {

class Pages {
 public:
  // Cleared memory of at least `size` bytes (at least 1). ENOMEM. May sleep.
  static Result<Pages> create(usize size);
  Pages() = default;
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&& other) noexcept;
  ~Pages();

  u8* data() const { return reinterpret_cast<u8*>(base_); }
  VirtAddr base() const { return base_; }
  usize size() const { return frames_.size() * kPageSize; }
  bool empty() const { return frames_.empty(); }

  // Gives [offset, offset + size), whole pages, these rights; None: no access at all. ENOMEM: the pages have none. May
  // sleep.
  Status seal(usize offset, usize size, hal::PageFlags rights);

 private:
  VirtAddr base_ = 0;
  usize reserved_ = 0;
  lib::Vector<PhysAddr> frames_;
};

}  // namespace device
