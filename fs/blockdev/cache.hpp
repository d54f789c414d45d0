// A disk's own page cache, for those who read and write it through its node (/dev/vda).
//
// Mounted file systems keep their own copies of what they read; like any program that works on a mounted disk, one that
// writes to the node of a disk that is mounted for writing destroys it. The cache is made by the first open and lives
// on while something in it is dirty or open; the last close writes it out and drops what is clean, so that the next
// reader sees what a mount has written meanwhile.
#pragma once

#include "kernel/block/device.hpp"
#include "kernel/mm/file_object.hpp"

namespace blockdev {

class DiskCache final : public mm::PageStore, public lib::RefCounted<DiskCache> {
 public:
  // The cache of this device, made if need be, with one more user. ENOMEM.
  static Result<lib::Ref<DiskCache>> open(lib::Ref<block::Device> device);
  void close();

  block::Device& device() { return *device_; }
  mm::FileObject& object() { return *object_; }
  // Writes what is dirty, and flushes the device.
  Status sync();
  // BLKFLSBUF: the same, and forgets what is clean.
  Status flush_buffers();

  Status read_pages(u64 first, std::span<mm::PageFrame* const> frames) override;
  Status write_pages(u64 first, std::span<mm::PageFrame* const> frames) override;
  Status reserve(u64 index, u32 from, u32 to, bool extends) override;

  explicit DiskCache(lib::Ref<block::Device> device) : device_(std::move(device)) {}
  ~DiskCache();

 private:
  Status transfer(block::Operation operation, u64 first, std::span<mm::PageFrame* const> frames);

  const lib::Ref<block::Device> device_;
  lib::Ref<mm::FileObject> object_;
  u32 users_ = 0;  // the list's lock
};

// Writes out all disks' caches: the write-back thread's part, and sync(2)'s.
void write_back_disks(bool all);
Status sync_disks();

}  // namespace blockdev
