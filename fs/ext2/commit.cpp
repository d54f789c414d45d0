// Writing what waits, in order.
//
// e2fsck -p repairs a name whose inode is free (it removes the name), wrong counts and bitmaps, and takes back what
// belongs to nobody; it gives up on an inode in use without a name, on a block that two files claim, and on garbage in
// a map or directory. So the disk must never show those, whatever of the writes since the last flush is lost:
//   phase 0  second names of files that lose their first one by a rename over it ("parked" in lost+found)
//   phase 1  directories with their new names, and with the removed ones still in place ("held"); new indirect blocks
//            and symlinks, which nothing on the disk refers to yet
//   phase 2  inodes, indirect blocks that are in use, bitmaps, counts; new inodes that are named in a new directory, or
//   in
//            a new block of one, only after that directory's own inode: level by level
//   phase 3  directories without the removed names
// with a flush behind each phase that wrote something. A name is there before its inode and goes after it; whatever an
// inode refers to is there before it. Phases that nobody needs cost nothing.

#include <algorithm>
#include <cstring>

#include "fs/ext2/volume.hpp"
#include "fs/vfs/inode.hpp"
#include "kernel/block/batch.hpp"

namespace ext2 {
namespace {

constexpr unsigned kPhases = 4;

}  // namespace

bool Volume::phase_wants(const Block& block, unsigned phase, u32 level) const {
  switch (block.role) {
    case Role::Directory:
      if (phase == 0) return block.parks;
      if (phase == 1) return block.dirty && !block.parks;
      return phase == 3 && !block.held.empty();
    case Role::Text: return phase == 1 && block.dirty;
    case Role::Indirect: return phase == (block.is_new ? 1u : 2u) && level == 0 && block.dirty;
    case Role::Inode:
      if (phase != 2) return false;
      if (level == 0) return block.dirty;
      return std::any_of(block.masked.begin(), block.masked.end(),
                         [&](const MaskedInode& inode) { return inode.level == level; });
    case Role::Count: return phase == 2 && level == 0 && block.dirty;
  }
  return false;
}

// The block as it may be on the disk now: with the names that are still held, without the inodes that come later.
Status Volume::write_as_of(Block& block, unsigned phase, u32 level) {
  u8* image = scratch_.data();
  std::memcpy(image, block.data, geometry_.block_size);
  if (phase < 3) {
    for (const HeldName& name : block.held) std::memcpy(image + name.offset, &name.inode, sizeof(name.inode));
  }
  for (const MaskedInode& inode : block.masked) {
    if (inode.level > level) std::memset(image + inode.offset, 0, sizeof(DiskInode));
  }
  return block::write(cache_.device(), cache_.sector_of(block.number), block::segment_of(image, geometry_.block_size));
}

// How many blocks were written.
Result<u32> Volume::write_phase(unsigned phase, u32 level) {
  lib::Vector<Block*> wanted;
  Status listed;
  cache_.for_each([&](Block& block) {
    if (listed && phase_wants(block, phase, level)) listed = wanted.push(&block);
  });
  TRY(std::move(listed));
  std::sort(wanted.begin(), wanted.end(), [](Block* a, Block* b) { return a->number < b->number; });
  block::Batch batch(cache_.device());
  for (Block* block : wanted) {
    if (!block->held.empty() || !block->masked.empty()) {
      TRY(write_as_of(*block, phase, level));
    } else {
      batch.add(block::Operation::Write, cache_.sector_of(block->number),
                block::segment_of(block->data, geometry_.block_size));
    }
  }
  TRY(batch.wait());
  return static_cast<u32>(wanted.size());
}

Status Volume::run_phase(unsigned phase, u32 level) {
  const auto written = write_phase(phase, level);
  if (!written) return fail(written.error(), "metadata cannot be written");
  if (*written == 0) return {};
  if (const Status flushed = block::flush(cache_.device()); !flushed) {
    return fail(flushed.error(), "the disk does not flush");
  }
  return {};
}

u32 Volume::deepest_level() {
  u32 deepest = 0;
  cache_.for_each([&](Block& block) {
    for (const MaskedInode& inode : block.masked) deepest = std::max(deepest, inode.level);
  });
  return deepest;
}

Status Volume::commit() {
  if (cache_.dirty_count() == 0) return block::flush(cache_.device());
  if (read_only_) return Err(Errno::EROFS);
  super_->write_time = disk_seconds(vfs::now());
  ++epoch_;
  const u32 deepest = deepest_level();
  for (unsigned phase = 0; phase < kPhases; ++phase) {
    for (u32 level = 0; level <= (phase == 2 ? deepest : 0); ++level) TRY(run_phase(phase, level));
  }
  cache_.for_each([](Block& block) {
    block.dirty = block.is_new = block.parks = false;
    block.held.clear();
    block.masked.clear();
  });
  cache_.all_clean();
  if (anything_held_) {
    for (Held& held : held_) held = Held();
    anything_held_ = false;
  }
  first_change_ns_ = 0;
  return {};
}

}  // namespace ext2
