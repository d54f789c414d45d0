// Writing what waits, in order.
//
// e2fsck -p repairs a name whose inode is free (it removes the name), wrong counts and bitmaps, and takes back what
// belongs to nobody; it gives up on an inode in use without a name, on a block that two files claim, and on garbage in
// a map or directory. So the disk must never show those, whatever of the writes since the last flush is lost:
//   phase 0  second names of files that lose their first one by a rename over it ("parked" in lost+found)
//   phase 1  directories with their new names, and with the removed ones still in place ("held"); new indirect blocks
//            and symlinks, which nothing on the disk refers to yet
//   phase 2  inodes, indirect blocks that are in use, bitmaps, counts
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

void restore_held(const Block& block, u8* image) {
  for (const HeldName& name : block.held) std::memcpy(image + name.offset, &name.inode, sizeof(name.inode));
}

}  // namespace

bool Volume::phase_wants(const Block& block, unsigned phase) const {
  switch (block.role) {
    case Role::Directory:
      if (phase == 0) return block.parks;
      if (phase == 1) return block.dirty && !block.parks;
      return phase == 3 && !block.held.empty();
    case Role::Text: return phase == 1 && block.dirty;
    case Role::Indirect: return phase == (block.is_new ? 1u : 2u) && block.dirty;
    case Role::Inode:
    case Role::Count: return phase == 2 && block.dirty;
  }
  return false;
}

Status Volume::write_block(Block& block, bool with_held) {
  const u8* image = block.data;
  if (with_held && !block.held.empty()) {
    std::memcpy(scratch_.data(), block.data, geometry_.block_size);
    restore_held(block, scratch_.data());
    image = scratch_.data();
  }
  return block::write(cache_.device(), cache_.sector_of(block.number), block::segment_of(image, geometry_.block_size));
}

// How many blocks were written.
Result<u32> Volume::write_phase(unsigned phase) {
  u32 count = 0;
  lib::Vector<Block*> wanted;
  Status listed;
  cache_.for_each([&](Block& block) {
    if (listed && phase_wants(block, phase)) listed = wanted.push(&block);
  });
  TRY(std::move(listed));
  std::sort(wanted.begin(), wanted.end(), [](Block* a, Block* b) { return a->number < b->number; });
  block::Batch batch(cache_.device());
  for (Block* block : wanted) {
    ++count;
    if (phase < 3 && !block->held.empty()) {
      TRY(write_block(*block, true));
    } else {
      batch.add(block::Operation::Write, cache_.sector_of(block->number),
                block::segment_of(block->data, geometry_.block_size));
    }
  }
  TRY(batch.wait());
  return count;
}

Status Volume::commit() {
  if (cache_.dirty_count() == 0) return block::flush(cache_.device());
  if (read_only_) return Err(Errno::EROFS);
  super_->write_time = disk_seconds(vfs::now());
  ++epoch_;
  for (unsigned phase = 0; phase < kPhases; ++phase) {
    const auto written = write_phase(phase);
    if (!written) return fail(written.error(), "metadata cannot be written");
    if (*written == 0) continue;
    if (const Status flushed = block::flush(cache_.device()); !flushed) {
      return fail(flushed.error(), "the disk does not flush");
    }
  }
  cache_.for_each([](Block& block) {
    block.dirty = block.is_new = block.parks = false;
    block.held.clear();
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
