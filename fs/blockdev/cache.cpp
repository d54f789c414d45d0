#include "fs/blockdev/cache.hpp"

#include <cstring>

#include "kernel/block/batch.hpp"

namespace blockdev {
namespace {

struct Caches {
  lib::Vector<lib::Ref<DiskCache>> list;
};
sync::Locked<Caches, sync::LockClass::FileSystemTypes> g_caches;

lib::Ref<DiskCache> cache_at(usize index) {
  return g_caches.with(
      [&](Caches& caches) { return index < caches.list.size() ? caches.list[index] : lib::Ref<DiskCache>(); });
}

}  // namespace

Result<lib::Ref<DiskCache>> DiskCache::open(lib::Ref<block::Device> device) {
  return g_caches.with([&](Caches& caches) -> Result<lib::Ref<DiskCache>> {
    for (auto& cache : caches.list) {
      if (cache->device_ == device) {
        ++cache->users_;
        return cache;
      }
    }
    const u64 bytes = device->bytes();
    auto fresh = TRY(lib::make_ref<DiskCache>(std::move(device)));
    fresh->object_ = TRY(mm::FileObject::create(*fresh, bytes, mm::FileObject::Kind::Device));
    fresh->users_ = 1;
    TRY(caches.list.push(fresh));
    return fresh;
  });
}

DiskCache::~DiskCache() {
  if (object_) object_->detach();
}

void DiskCache::close() {
  // Written out before the last user counts as gone; what is mapped or came in between stays until the next time.
  const bool is_last = g_caches.with([&](Caches&) { return users_ == 1; });
  if (is_last) static_cast<void>(object_->write_back(0, ~u64{0}, true));
  lib::Ref<DiskCache> gone;
  g_caches.with([&](Caches& caches) {
    if (--users_ != 0) return;
    object_->drop_clean();
    if (object_->cached_pages() != 0) return;
    for (usize i = 0; i < caches.list.size(); ++i) {
      if (caches.list[i].get() != this) continue;
      gone = std::move(caches.list[i]);
      caches.list.remove_at(i);
      return;
    }
  });
}

Status DiskCache::sync() {
  TRY(object_->write_back(0, ~u64{0}, true));
  return block::flush(*device_);
}

Status DiskCache::flush_buffers() {
  TRY(sync());
  object_->drop_clean();
  return {};
}

// The disk's last page may be a part of one.
Status DiskCache::transfer(block::Operation operation, u64 first, std::span<mm::PageFrame* const> frames) {
  block::Batch batch(*device_);
  for (usize i = 0; i < frames.size(); ++i) {
    const u64 at = (first + i) << kPageShift;
    const u64 length = std::min<u64>(kPageSize, device_->bytes() - std::min(at, device_->bytes()));
    if (length < kPageSize && operation == block::Operation::Read) std::memset(mm::memory_of(frames[i]), 0, kPageSize);
    if (length == 0) continue;
    batch.add(operation, at >> block::kSectorShift, {frames[i], 0, static_cast<u32>(length)});
  }
  return batch.wait();
}

Status DiskCache::read_pages(u64 first, std::span<mm::PageFrame* const> frames) {
  return transfer(block::Operation::Read, first, frames);
}

Status DiskCache::write_pages(u64 first, std::span<mm::PageFrame* const> frames) {
  return transfer(block::Operation::Write, first, frames);
}

Status DiskCache::reserve(u64 index, u32, u32, bool) {
  if (device_->is_read_only()) return Err(Errno::EROFS);
  if (index >= pages_for(device_->bytes())) return Err(Errno::ENOSPC);
  return {};
}

void write_back_disks(bool) {
  for (usize i = 0; lib::Ref<DiskCache> cache = cache_at(i); ++i) {
    static_cast<void>(cache->object().write_back(0, ~u64{0}, false));
  }
}

Status sync_disks() {
  Status result;
  for (usize i = 0; lib::Ref<DiskCache> cache = cache_at(i); ++i) {
    if (Status synced = cache->sync(); !synced) result = synced;
  }
  return result;
}

}  // namespace blockdev
