#include "fs/ext2/block_cache.hpp"

#include <cstring>

#include "kernel/block/batch.hpp"

namespace ext2 {

BlockCache::~BlockCache() {
  while (!by_age_.empty()) destroy(by_age_.front());
}

Result<Block*> BlockCache::make(u32 number, Role role) {
  auto block = TRY(lib::make_own<Block>());
  block->number = number;
  block->role = role;
  block->data = static_cast<u8*>(lib::allocate(block_size()));
  if (block->data == nullptr) return Err(Errno::ENOMEM);
  if (const Status entered = blocks_.insert(number, block.get()); !entered) {
    lib::deallocate(block->data);
    return Err(entered.error());
  }
  by_age_.push_back(*block);
  ++count_;
  return block.release();
}

void BlockCache::destroy(Block& block) {
  blocks_.remove(block.number);
  by_age_.erase(by_age_.iterator_to(block));
  --count_;
  if (!block.is_clean()) --dirty_count_;
  lib::deallocate(block.data);
  lib::destroy(&block);
}

Result<Block*> BlockCache::get(u32 number, Role role) {
  if (Block* block = blocks_.find(number)) {
    if (block->role != role) return Err(Errno::EUCLEAN);  // two structures claim it
    by_age_.erase(by_age_.iterator_to(*block));
    by_age_.push_back(*block);
    return block;
  }
  Block* block = TRY(make(number, role));
  const Status read = block::read(*device_, sector_of(number), block::segment_of(block->data, block_size()));
  if (!read) {
    destroy(*block);
    return Err(read.error());
  }
  return block;
}

Result<Block*> BlockCache::fresh(u32 number, Role role) {
  Block* block = blocks_.find(number);
  if (block == nullptr) block = TRY(make(number, role));
  std::memset(block->data, 0, block_size());
  block->role = role;
  block->is_new = true;
  mark_dirty(*block);
  return block;
}

void BlockCache::forget(u32 number) {
  if (Block* block = blocks_.find(number)) destroy(*block);
}

void BlockCache::trim(usize keep) {
  for (auto at = by_age_.begin(); count_ > keep && at != by_age_.end();) {
    Block& block = *at++;
    if (block.is_clean() && !block.pinned) destroy(block);
  }
}

}  // namespace ext2
