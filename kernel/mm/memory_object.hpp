// Pages that live in memory alone: files of tmpfs, shared anonymous memory, memfd, System V segments.
//
// A page exists from the first access on and is zero until written; absent pages below the limit read as zeros. The
// object knows who maps it, so that a truncation reaches their page tables.
#pragma once

#include "kernel/lib/radix_tree.hpp"
#include "kernel/mm/object_mappers.hpp"

namespace mm {

// How many pages a group of objects may have together; shared by them. Thread-safe.
class PageBudget : public lib::RefCounted<PageBudget> {
 public:
  explicit PageBudget(u64 limit) : limit_(limit) {}
  [[nodiscard]] bool take() {
    if (used_.fetch_add(1, std::memory_order_relaxed) < limit_) return true;
    give(1);
    return false;
  }
  void give(u64 pages) { used_.fetch_sub(pages, std::memory_order_relaxed); }
  u64 used() const { return used_.load(std::memory_order_relaxed); }
  u64 limit() const { return limit_; }

 private:
  const u64 limit_;
  std::atomic<u64> used_ = 0;
};

class MemoryObject final : public VmObject {
 public:
  // `budget` may be null: no limit but memory.
  static Result<lib::Ref<MemoryObject>> create(u64 limit_bytes, lib::Ref<PageBudget> budget = nullptr);

  u64 page_limit() override { return limit_pages_.load(std::memory_order_acquire); }

  Result<PageFrame*> page(u64 index) override;
  Result<PageFrame*> page_for_write(u64 index) override { return page(index); }
  PageFrame* cached_page(u64 index) override;
  void mapping_added(AddressSpace& space) override { mappers_.add(space); }
  void mapping_removed(AddressSpace& space) override { mappers_.remove(space); }

  // The object grew: pages up to here may be shown. In bytes.
  void grow_limit(u64 bytes) { limit_pages_.store(pages_for(bytes), std::memory_order_release); }
  // It shrank: also frees what lies beyond and zeroes the rest of the last page. May sleep.
  void cut(u64 bytes);
  // Frees the pages [first, first + count), which read as zeros afterwards. May sleep.
  void punch(u64 first, u64 count);
  // Pages that exist.
  u64 resident_pages() const { return resident_.load(std::memory_order_relaxed); }

  MemoryObject(u64 limit_bytes, lib::Ref<PageBudget> budget)
      : budget_(std::move(budget)), limit_pages_(pages_for(limit_bytes)) {}
  ~MemoryObject() override;

 private:
  struct Pages {
    lib::RadixTree<PageFrame> tree;
  };

  const lib::Ref<PageBudget> budget_;
  sync::Locked<Pages, sync::LockClass::Pages> pages_;
  ObjectMappers mappers_;
  std::atomic<u64> limit_pages_;
  std::atomic<u64> resident_ = 0;
};

}  // namespace mm
