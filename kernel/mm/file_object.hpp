// The page cache: the pages of one file (or one disk) that are in memory, shared by read(), write() and mmap().
//
// A page is in the tree from before it is read until it is truncated or reclaimed; the tree holds one reference. Its
// frame's flags say how it stands (page_flag below):
//   Filling    being read in; only the reader touches it, others wait for the flag to go
//   UpToDate   the contents are the file's
//   Dirty      must be written; such a page is in the second tree as well
//   Writeback  being written; it may be changed (and become dirty) meanwhile
//   Referenced used since reclaim last came by
// Invariants: Dirty and Writeback imply UpToDate; Dirty <=> in `dirty`; a page of UpToDate without Dirty and Writeback
// and with the tree's reference alone may be dropped at any time (kernel/mm/reclaim.hpp).
//
// Locks: the trees are guarded by one spinning lock of the object, frame flags are atomic. Nothing is locked while the
// store works. Truncation is the file's business to serialize (Inode::contents).
#pragma once

#include "kernel/lib/radix_tree.hpp"
#include "kernel/mm/object_mappers.hpp"
#include "kernel/mm/page_store.hpp"

namespace mm {

namespace page_flag {
inline constexpr u8 kFilling = 1, kUpToDate = 2, kDirty = 4, kWriteback = 8, kReferenced = 16, kInList = 32;
}

struct CacheCounts {
  std::atomic<u64> cached = 0;   // pages of files
  std::atomic<u64> devices = 0;  // pages of disks ("Buffers")
  std::atomic<u64> dirty = 0;
  std::atomic<u64> writeback = 0;
};
extern CacheCounts g_cache_counts;

class FileObject final : public VmObject {
 public:
  enum class Kind : u8 { File, Device };
  static Result<lib::Ref<FileObject>> create(PageStore& store, u64 bytes, Kind kind);

  u64 page_limit() override { return pages_for(limit()); }
  Result<PageFrame*> page(u64 index) override;
  Result<PageFrame*> page_for_write(u64 index) override { return dirty_page(index, 0, kPageSize, false); }
  Result<PageFrame*> page_to_write(u64 index, u32 from, u32 to) override { return dirty_page(index, from, to, true); }
  Status page_was_written(u64 index, PageFrame* frame) override;
  bool takes_whole_pages() const override { return true; }
  Status offer_page(u64 index, PageFrame* frame) override;
  PageFrame* cached_page(u64 index) override;
  void mapping_added(AddressSpace& space) override { mappers_.add(space); }
  void mapping_removed(AddressSpace& space) override { mappers_.remove(space); }
  Status write_back(u64 first, u64 count, bool wait) override;
  u32 write_errors() const override { return write_errors_.load(std::memory_order_acquire); }

  // The file's length in bytes, as far as pages may be shown.
  u64 limit() const { return limit_.load(std::memory_order_acquire); }
  void set_limit(u64 bytes) { limit_.store(bytes, std::memory_order_release); }
  // The file gets shorter: pages behind `bytes` go, dirty or not, and their mappings. May sleep. The rest of the last
  // page is the caller's to zero.
  void cut(u64 bytes);
  // The same for the pages [first, first + count), which lie inside.
  void drop(u64 first, u64 count);
  // Drops what is clean and not in use, so that it is read anew.
  void drop_clean();
  // Mappings of the page notice the next store.
  void write_protect(u64 index) { mappers_.write_protect(*this, index, 1); }
  // The store goes: everything is dropped, later requests answer EIO. Nobody uses the store any more.
  void detach();

  u64 dirty_pages() const { return dirty_count_.load(std::memory_order_relaxed); }
  u64 cached_pages() const { return page_count_.load(std::memory_order_relaxed); }

  // For reclaim: drops this frame if it is the object's, clean and unused. With `unmap` mappings are taken away first.
  bool try_drop(PageFrame* frame, bool unmap);

  FileObject(PageStore& store, u64 bytes, Kind kind) : store_(&store), kind_(kind), limit_(bytes) {}
  ~FileObject() override;

 private:
  static constexpr usize kMostPages = 64;  // read or written at once: 256 KiB
  struct Pages {
    lib::RadixTree<PageFrame> tree;
    lib::RadixTree<PageFrame> dirty;
  };
  struct Run {
    u64 first = 0;
    usize count = 0;
    PageFrame* frames[kMostPages];
  };

  Result<PageFrame*> dirty_page(u64 index, u32 from, u32 to, bool extends);
  // Enters frames that are being filled; fewer if one of the pages is there already. Nothing behind the limit.
  usize enter_filling(u64 first, PageFrame** frames, usize count);
  Status fill(u64 index);
  Status fill_run(u64 first, PageFrame** frames, usize count);
  usize window_at(u64 index);
  void zero_behind_limit(u64 first, PageFrame** frames, usize count);
  Status add_fresh(u64 index);
  Status enter(Pages& pages, u64 index, PageFrame* frame);
  void leave(Pages& pages, u64 index, PageFrame* frame);
  // False: the page is no longer the object's, look again.
  Result<bool> mark_dirty(u64 index, PageFrame* frame);
  bool take_dirty_run(u64& index, u64 end, bool wait, Run& run);
  Status write_run(Run& run);
  std::atomic<u64>& cached_counter() { return kind_ == Kind::File ? g_cache_counts.cached : g_cache_counts.devices; }

  PageStore* store_;  // null once detached
  const Kind kind_;
  ObjectMappers mappers_;
  sync::Locked<Pages, sync::LockClass::Pages> pages_;
  std::atomic<u64> limit_;
  std::atomic<u64> page_count_ = 0;
  std::atomic<u64> dirty_count_ = 0;
  std::atomic<u32> writeback_count_ = 0;
  std::atomic<u32> write_errors_ = 0;
  // Readahead: where a sequential reader misses next, and how far it is read ahead then. Guesses; races do no harm.
  std::atomic<u64> next_miss_ = 0;
  std::atomic<u32> window_ = 4;
};

}  // namespace mm
