// Contents of regular files: between the page cache and the disk.

#include <cstring>

#include "fs/ext2/inode.hpp"
#include "kernel/block/batch.hpp"

namespace ext2 {
namespace {

constexpr u32 kMostParts = kPageSize / 1024;

// Where the blocks of one page are; 0: a hole.
struct PageBlocks {
  u32 blocks[kMostParts];
};

}  // namespace

u64 Ext2Inode::max_size() const { return ext2().max_file_size(); }

Status Ext2Inode::read_pages(u64 first, std::span<mm::PageFrame* const> frames) {
  Ext2& owner = ext2();
  const u32 shift = owner.block_shift();
  const u32 parts = kPageSize >> shift;
  block::Batch batch(owner.device());
  for (usize i = 0; i < frames.size(); ++i) {
    PageBlocks place;
    TRY(owner.with_volume([&](Volume& volume) -> Status {
      for (u32 part = 0; part < parts; ++part) {
        place.blocks[part] = TRY(volume.map(map_, static_cast<u32>((first + i) * parts + part)));
      }
      return {};
    }));
    for (u32 part = 0; part < parts; ++part) {
      const u32 offset = part << shift;
      if (place.blocks[part] == 0) {
        std::memset(static_cast<u8*>(mm::memory_of(frames[i])) + offset, 0, usize{1} << shift);
      } else {
        batch.add(block::Operation::Read, u64{place.blocks[part]} << (shift - block::kSectorShift),
                  {frames[i], offset, u32{1} << shift});
      }
    }
  }
  return batch.wait();
}

Status Ext2Inode::write_pages(u64 first, std::span<mm::PageFrame* const> frames) {
  Ext2& owner = ext2();
  const u32 shift = owner.block_shift();
  const u32 parts = kPageSize >> shift;
  block::Batch batch(owner.device());
  for (usize i = 0; i < frames.size(); ++i) {
    PageBlocks place;
    TRY(owner.with_volume([&](Volume& volume) -> Status {
      if (volume.is_read_only()) return Err(Errno::EROFS);
      for (u32 part = 0; part < parts; ++part) {
        place.blocks[part] = TRY(volume.map(map_, static_cast<u32>((first + i) * parts + part)));
      }
      return {};
    }));
    for (u32 part = 0; part < parts; ++part) {
      // A hole in a dirty page was never written to: reserve() would have filled it.
      if (place.blocks[part] == 0) continue;
      batch.add(block::Operation::Write, u64{place.blocks[part]} << (shift - block::kSectorShift),
                {frames[i], part << shift, u32{1} << shift});
    }
  }
  return batch.wait();
}

bool Ext2Inode::reserves_parts() const { return ext2().block_shift() < kPageShift; }

// Blocks for the bytes are taken now, so that writing them out later cannot find the disk full.
Status Ext2Inode::reserve(u64 index, u32 from, u32 to, bool extends) {
  const Status result = try_reserve(index, from, to, extends);
  const bool is_full = !result && result.error() == Errno::ENOSPC;
  return is_full && ext2().wait_for_removed() ? try_reserve(index, from, to, extends) : result;
}

Status Ext2Inode::try_reserve(u64 index, u32 from, u32 to, bool extends) {
  return ext2().with_volume([&](Volume& volume) -> Status {
    TRY(volume.begin_change());
    const u32 shift = volume.geometry().block_shift;
    u64 start = (index << kPageShift) + from;
    u64 end = (index << kPageShift) + to;
    if (!extends) end = std::min(end, size());  // under the lock: a truncation frees blocks under it, after the size
    if (start >= end) return extends ? Status() : Err(Errno::EIO);
    const u32 sectors = map_.sectors;
    Status result;
    for (u64 block = start >> shift; result && block <= (end - 1) >> shift; ++block) {
      const auto got = volume.map_or_allocate(map_, static_cast<u32>(block));
      if (!got) result = Err(got.error());
    }
    if (map_.sectors == sectors) return result;
    size_dirty_.store(true);  // fdatasync has to write the inode
    const Status stored = store(volume);
    return result ? stored : result;
  });
}

void Ext2Inode::set_size(u64 size) {
  Inode::set_size(size);
  if (!object_) return;
  // A page that was mapped while the file ended inside it may lack blocks behind the old end: it must fault again.
  if (reserves_parts() && object_->limit() % kPageSize != 0) object_->write_protect(object_->limit() >> kPageShift);
  object_->set_limit(size);
  size_dirty_.store(true);
  wants_store();
}

Status Ext2Inode::zero_tail() {
  const u64 end = size();
  const usize offset = end & kPageMask;
  if (offset == 0 || !object_) return {};
  const u64 index = end >> kPageShift;
  const u32 shift = ext2().block_shift();
  const u32 there =
      TRY(ext2().with_volume([&](Volume& volume) { return volume.map(map_, static_cast<u32>(end >> shift)); }));
  if (there == 0) return {};  // a hole stays one; or the end is at a block's
  mm::PageFrame* frame = TRY(object_->page_to_write(index, static_cast<u32>(offset - 1), static_cast<u32>(offset)));
  std::memset(static_cast<u8*>(mm::memory_of(frame)) + offset, 0, kPageSize - offset);
  const Status still_dirty = object_->page_was_written(index, frame);
  mm::release_frame(frame);
  return still_dirty;
}

void Ext2Inode::give_back_excess() {
  ext2().with_volume([&](Volume& volume) {
    if (volume.is_read_only()) return;
    const u32 shift = volume.geometry().block_shift;
    const u64 keep = (size() + volume.geometry().block_size - 1) >> shift;
    if (volume.free_from(map_, static_cast<u32>(keep))) static_cast<void>(store(volume));
  });
}

Status Ext2Inode::truncate(u64 size) {
  if (type() != vfs::FileType::Regular) return Err(Errno::EINVAL);
  const u64 before = this->size();
  TRY(ext2().with_volume([](Volume& volume) { return volume.begin_change(); }));
  if (size >= before) {
    set_size(size);
    attributes_changed();
    return {};
  }
  Inode::set_size(size);
  object_->cut(size);
  // What the last block has behind the new end is zeros on the disk too, as other systems expect.
  const u32 shift = ext2().block_shift();
  if ((size & ((u64{1} << shift) - 1)) != 0) TRY(zero_tail());
  size_dirty_.store(true);
  return ext2().with_volume([&](Volume& volume) -> Status {
    const u64 keep = (size + volume.geometry().block_size - 1) >> shift;
    TRY(volume.free_from(map_, static_cast<u32>(keep)));
    return store(volume);
  });
}

Status Ext2Inode::write_back_contents(bool wait) {
  constexpr u64 kPagesAtATime = 1024;
  Status result;
  if (!object_) return result;
  const u64 pages = pages_for(object_->limit());
  for (u64 first = 0; first < pages; first += kPagesAtATime) {
    // Nobody will read it again: the caller has the last reference.
    if (links() == 0 && reference_count() == 1) return result;
    if (Status written = object_->write_back(first, kPagesAtATime, wait); !written) result = written;
  }
  return result;
}

Status Ext2Inode::sync(bool data_only) {
  TRY(write_back_contents(true));
  return ext2().with_volume([&](Volume& volume) -> Status {
    if (volume.is_read_only()) return {};
    const bool wants = data_only ? size_dirty_.load() : attributes_dirty_.load();
    if (wants) TRY(store(volume));
    // What was stored before the last commit is on the disk; then only the contents have to be flushed.
    if (data_only && stored_epoch_ < volume.epoch()) return block::flush(ext2().device());
    return volume.commit();
  });
}

Status Ext2Inode::allocate_space(u32 mode, u64 offset, u64 length) {
  constexpr u32 kPlain = 0;
  if (mode != kPlain || type() != vfs::FileType::Regular) return Err(Errno::EOPNOTSUPP);
  const u64 end = offset + length;
  if (end > max_size()) return Err(Errno::EFBIG);
  if (end > size()) TRY(zero_tail());
  for (u64 at = offset; at < end;) {
    const u32 from = at & kPageMask;
    const u32 to = static_cast<u32>(std::min<u64>(kPageSize, from + (end - at)));
    // Pages that were holes are zeros in memory and become dirty: they are written as such.
    const auto frame = object_->page_to_write(at >> kPageShift, from, to);
    if (!frame) {
      give_back_excess();
      return Err(frame.error());
    }
    mm::release_frame(*frame);
    at += to - from;
  }
  if (end > size()) set_size(end);
  touch(static_cast<u8>(Touch::Change));
  return {};
}

}  // namespace ext2
