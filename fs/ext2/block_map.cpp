// Where a file's blocks are: twelve in the inode, then trees of one, two and three levels of indirect blocks.

#include "fs/ext2/volume.hpp"

namespace ext2 {
namespace {

constexpr unsigned kMostLevels = 4;  // the slot in the inode and three below

// The slots from the inode down to the file's block `index`. 0: too large for any map.
unsigned path_to(u32 per_block, u64 index, u32 (&path)[kMostLevels]) {
  if (index < kDirectBlocks) {
    path[0] = static_cast<u32>(index);
    return 1;
  }
  index -= kDirectBlocks;
  u64 reach = per_block;
  for (unsigned levels = 1; levels < kMostLevels; ++levels, reach *= per_block) {
    if (index >= reach) {
      index -= reach;
      continue;
    }
    path[0] = kDirectBlocks + levels - 1;
    for (unsigned i = levels; i >= 1; --i, index /= per_block) path[i] = static_cast<u32>(index % per_block);
    return levels + 1;
  }
  return 0;
}

}  // namespace

Result<u32> Volume::map(const BlockMap& map, u32 index) {
  u32 path[kMostLevels];
  const unsigned depth = path_to(geometry_.per_block(), index, path);
  if (depth == 0) return Err(Errno::EFBIG);
  u32 number = map.slots[path[0]];
  for (unsigned i = 1; i < depth && number != 0; ++i) {
    if (!is_data_block(number)) return corrupted("an indirect block is impossible", number);
    number = TRY(cache_.get(number, Role::Indirect))->as<u32>()[path[i]];
  }
  if (number != 0 && !is_data_block(number)) return corrupted("a file's block is impossible", number);
  return number;
}

// Behind the last block that was written, else at the beginning of the group that the inode is in.
u32 Volume::goal_for(const BlockMap& map, u32 index) const {
  if (map.last_block != 0 && index > map.last_index && index - map.last_index < 64) {
    return map.last_block + (index - map.last_index);
  }
  if (map.last_block != 0) return map.last_block + 1;
  return geometry_.first_of_group(map.goal_group);
}

Result<u32> Volume::map_or_allocate(BlockMap& map, u32 index) {
  if (const u32 there = TRY(this->map(map, index)); there != 0) return there;
  u32 path[kMostLevels];
  const unsigned depth = path_to(geometry_.per_block(), index, path);
  const u32 leaf = TRY(allocate_block(goal_for(map, index)));
  const Status linked = link_missing(map, path, depth, leaf);
  if (!linked) {
    unallocate_block(leaf);
    return Err(linked.error());
  }
  map.sectors += geometry_.block_size >> 9;
  map.last_index = index;
  map.last_block = leaf;
  return leaf;
}

// Puts `leaf` in its place, with the indirect blocks that are missing on the way. Those are made first, from the bottom
// up, and hung in last: until then nothing has changed.
Status Volume::link_missing(BlockMap& map, u32* path, unsigned depth, u32 leaf) {
  Block* above = nullptr;
  unsigned level = 0;  // the slot path[level] of `above` (null: the inode) is where the new branch is hung
  u32 number = map.slots[path[0]];
  while (number != 0) {
    above = TRY(cache_.get(number, Role::Indirect));
    ++level;
    number = above->as<u32>()[path[level]];
  }
  u32 made[kMostLevels];
  unsigned count = 0;
  u32 child = leaf;
  Status result;
  for (unsigned i = depth - 1; i > level; --i) {
    auto fresh = allocate_block(leaf + 1);
    if (!fresh) {
      result = Err(fresh.error());
      break;
    }
    made[count++] = *fresh;
    auto block = cache_.fresh(*fresh, Role::Indirect);
    if (!block) {
      result = Err(block.error());
      break;
    }
    (*block)->as<u32>()[path[i]] = child;
    child = *fresh;
  }
  if (!result) {
    while (count != 0) unallocate_block(made[--count]);
    return result;
  }
  map.sectors += count * (geometry_.block_size >> 9);
  if (above == nullptr) {
    map.slots[path[0]] = child;
  } else {
    above->as<u32>()[path[level]] = child;
    mark_dirty(*above);
  }
  return {};
}

// Frees what `slot` leads to from its `keep`-th block on. True if nothing is left there.
Result<bool> Volume::trim_branch(BlockMap& map, u32& slot, unsigned level, u64 keep) {
  if (slot == 0) return true;
  if (level == 0) {
    if (keep != 0) return false;
    TRY(free_block(slot));
  } else {
    if (!is_data_block(slot)) return corrupted("an indirect block is impossible", slot);
    Block* block = TRY(cache_.get(slot, Role::Indirect));
    u64 span = 1;
    for (unsigned i = 1; i < level; ++i) span *= geometry_.per_block();
    for (u32 i = static_cast<u32>(keep / span); i < geometry_.per_block(); ++i) {
      u32& entry = block->as<u32>()[i];
      if (entry == 0) continue;
      TRY(trim_branch(map, entry, level - 1, u64{i} * span >= keep ? 0 : keep - u64{i} * span));
    }
    mark_dirty(*block);
    if (keep != 0) return false;
    TRY(free_block(slot));
  }
  slot = 0;
  map.sectors -= std::min(map.sectors, geometry_.block_size >> 9);
  return true;
}

Status Volume::free_from(BlockMap& map, u32 keep) {
  for (u32 i = keep; i < kDirectBlocks; ++i) TRY(trim_branch(map, map.slots[i], 0, 0));
  u64 base = kDirectBlocks;
  u64 reach = geometry_.per_block();
  for (unsigned level = 1; level < kMostLevels; ++level) {
    if (keep < base + reach) {
      TRY(trim_branch(map, map.slots[kDirectBlocks + level - 1], level, keep > base ? keep - base : 0));
    }
    base += reach;
    reach *= geometry_.per_block();
  }
  map.last_block = 0;
  return {};
}

}  // namespace ext2
