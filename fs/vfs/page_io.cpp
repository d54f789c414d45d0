#include "fs/vfs/page_io.hpp"

namespace vfs {
namespace {

// A page that is not in memory and will be overwritten as a whole is filled aside and then offered: it need not be
// read, and the program's memory may fault (even on the same file) while nothing is locked. 0: not taken.
Result<usize> write_whole_page(mm::VmObject& pages, WriteBuffer& buffer, u64 index) {
  mm::PageFrame* fresh = TRY(mm::allocate_frame(mm::FrameKind::Cache));
  const WriteBuffer before = buffer;
  const usize moved = buffer.take(mm::memory_of(fresh), kPageSize);
  Status offered = Err(Errno::EEXIST);
  if (moved == kPageSize) offered = pages.offer_page(index, fresh);
  if (offered) return moved;
  mm::release_frame(fresh);
  buffer = before;
  if (offered.error() != Errno::EEXIST) return Err(offered.error());
  return usize{0};
}

}  // namespace

Result<usize> write_page_part(mm::VmObject& pages, WriteBuffer& buffer, u64 index, usize offset, usize piece) {
  if (piece == kPageSize && pages.takes_whole_pages()) {
    mm::PageFrame* cached = pages.cached_page(index);
    if (cached == nullptr) {
      if (const usize moved = TRY(write_whole_page(pages, buffer, index)); moved != 0) return moved;
    } else {
      mm::release_frame(cached);
    }
  }
  mm::PageFrame* frame = TRY(pages.page_to_write(index, static_cast<u32>(offset), static_cast<u32>(offset + piece)));
  const usize moved = buffer.take(static_cast<u8*>(mm::memory_of(frame)) + offset, piece);
  // While the copy waited for the program's memory the page may have been written out: it has changed since.
  const Status still_dirty = moved == 0 ? Status() : pages.page_was_written(index, frame);
  mm::release_frame(frame);
  TRY(Status(still_dirty));
  return moved;
}

}  // namespace vfs
