// What a mapping can show besides private zeros: the pages of a file, of shared memory, of a device.
//
// Pages are numbered from 0. A page that an object hands out carries a reference for the caller. Objects are shared
// (RefCounted); the file's own VmObject is its page cache, so read(), mmap() and exec see the same frames.
#pragma once

#include "hal/page_flags.hpp"
#include "kernel/lib/ref.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/mm/frame.hpp"

namespace mm {

class AddressSpace;

class VmObject : public lib::RefCounted<VmObject> {
 public:
  virtual ~VmObject() = default;
  static void destroy_last(VmObject* self) { self->last_reference_gone(); }

  // Pages that a mapping may show: an access behind them is SIGBUS. May change at any time.
  virtual u64 page_limit() = 0;
  // The page, read in if need be; those behind the limit are for write(2), which extends the file. EIO, ENOMEM, ENOSPC.
  // May sleep.
  virtual Result<PageFrame*> page(u64 index) = 0;
  // The same for a page that the caller is about to let a program write through a shared mapping: it counts as dirty,
  // and blocks on disk are reserved. ENOSPC as well.
  virtual Result<PageFrame*> page_for_write(u64 index) = 0;
  // The same for write(2), which is about to fill the bytes [from, to) of the page, perhaps behind the end.
  virtual Result<PageFrame*> page_to_write(u64 index, u32 /*from*/, u32 /*to*/) { return page_for_write(index); }
  // write(2) has filled the bytes; the caller still holds the frame. ENOMEM.
  virtual Status page_was_written(u64 /*index*/, PageFrame* /*frame*/) { return {}; }
  // True if offer_page() makes sense: a page that is not in memory would have to be read before it is overwritten.
  virtual bool takes_whole_pages() const { return false; }
  // write(2) offers a page that it has filled as a whole; the object takes it (and the reference) and counts it as
  // dirty. EEXIST: there is one already, fill that. ENOSPC, ENOMEM.
  virtual Status offer_page(u64 /*index*/, PageFrame* /*frame*/) { return Err(Errno::EEXIST); }
  // Errors of writing since the object was made, for those who remember how many they have been told of.
  virtual u32 write_errors() const { return 0; }
  // The page if it is in memory and up to date, else null. Does not sleep.
  virtual PageFrame* cached_page(u64 index) = 0;

  // A shared or private mapping of the object comes or goes; for truncation, which must reach them.
  virtual void mapping_added(AddressSpace&) {}
  virtual void mapping_removed(AddressSpace&) {}

  // Writes dirty pages out, if there is somewhere to write them to. May sleep.
  virtual Status write_back(u64 /*first*/, u64 /*count*/, bool /*wait*/) { return {}; }

  // Device memory is mapped as a whole: the physical address of a page and its flags. False for ordinary objects.
  virtual bool device_page(u64 /*index*/, PhysAddr* /*address*/, hal::PageFlags* /*flags*/) { return false; }

 protected:
  virtual void last_reference_gone() { lib::destroy(this); }
};

}  // namespace mm
