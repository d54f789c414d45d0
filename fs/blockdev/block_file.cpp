// The nodes of disks: opening, reading, writing, ioctl; /proc/partitions and /proc/diskstats.

#include "fs/blockdev/cache.hpp"
#include "fs/devfs/devfs.hpp"
#include "fs/procfs/procfs.hpp"
#include "fs/vfs/page_io.hpp"
#include "fs/vfs/special.hpp"
#include "fs/vfs/write_back.hpp"
#include "kernel/block/batch.hpp"
#include "kernel/block/registry.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"

namespace blockdev {
namespace {

// ioctl requests, include/uapi/linux/fs.h.
constexpr u32 kBlkRoGet = 0x125e, kBlkRereadPartitions = 0x125f, kBlkGetSize = 0x1260, kBlkFlushBuffers = 0x1261,
              kBlkRaGet = 0x1263, kBlkSectorSize = 0x1268, kBlkSoftBlockSize = 0x80081270, kBlkGetSize64 = 0x80081272,
              kBlkDiscard = 0x1277, kBlkIoMin = 0x1278, kBlkIoOpt = 0x1279, kBlkAlignment = 0x127a,
              kBlkPhysicalSectorSize = 0x127b;

class BlockFile final : public vfs::File {
 public:
  BlockFile(vfs::Path path, u32 flags, lib::Ref<DiskCache> cache)
      : File(std::move(path), flags), cache_(std::move(cache)) {}
  ~BlockFile() override { cache_->close(); }

  Result<usize> read(vfs::ReadBuffer& buffer, u64& position) override {
    return vfs::read_through(cache_->object(), buffer, position, [&] { return device().bytes(); });
  }

  Result<usize> write(vfs::WriteBuffer& buffer, u64& position) override {
    if (buffer.empty()) return usize{0};
    if (position >= device().bytes()) return Err(Errno::ENOSPC);
    buffer.limit(device().bytes() - position);
    lib::Ref<vfs::Inode> node = inode();
    const auto done = node->contents.with(
        [&](sync::Nothing&) { return vfs::write_through(cache_->object(), buffer, position, [](u64) {}); });
    if (!done) return done;
    if ((flags() & (vfs::open_flag::kDsync | vfs::open_flag::kSync)) != 0) TRY(cache_->sync());
    vfs::balance_dirty_pages();
    return done;
  }

  bool has_position() const override { return true; }

  Result<u64> seek(i64 offset, vfs::Whence whence) override {
    return offset_.with([&](Offset& state) -> Result<u64> {
      i64 base = 0;
      if (whence == vfs::Whence::Current) base = static_cast<i64>(state.position);
      if (whence == vfs::Whence::End) base = static_cast<i64>(device().bytes());
      if (whence > vfs::Whence::End) return Err(Errno::EINVAL);
      i64 target = 0;
      if (__builtin_add_overflow(base, offset, &target) || target < 0) return Err(Errno::EINVAL);
      state.position = static_cast<u64>(target);
      return state.position;
    });
  }

  Status sync(bool) override { return cache_->sync(); }
  Result<lib::Ref<mm::VmObject>> mapping() override { return lib::Ref<mm::VmObject>(&cache_->object()); }

  Result<i64> control(u32 request, VirtAddr argument) override {
    const auto put = [&](auto value) -> Result<i64> {
      TRY(mm::UserOut<decltype(value)>(argument).put(value));
      return 0;
    };
    const block::Description& disk = device().description();
    switch (request) {
      case kBlkGetSize64: return put(device().bytes());
      case kBlkGetSize: return put(device().sectors());
      case kBlkSectorSize: return put(static_cast<i32>(disk.sector_size));
      case kBlkPhysicalSectorSize:
      case kBlkIoMin: return put(disk.sector_size);
      case kBlkIoOpt: return put(u32{0});
      case kBlkAlignment: return put(i32{0});
      case kBlkSoftBlockSize: return put(static_cast<i32>(kPageSize));
      case kBlkRaGet: return put(u64{256});
      case kBlkRoGet: return put(static_cast<i32>(device().is_read_only()));
      case kBlkFlushBuffers: TRY(cache_->flush_buffers()); return 0;
      case kBlkRereadPartitions: TRY(block::rescan(device())); return 0;
      case kBlkDiscard: return discard(argument);
      default: return Err(Errno::ENOTTY);
    }
  }

 private:
  block::Device& device() { return cache_->device(); }

  Result<i64> discard(VirtAddr argument) {
    if (!is_writable()) return Err(Errno::EBADF);
    const u64 start = TRY(mm::UserIn<u64>(argument).get(0));
    const u64 length = TRY(mm::UserIn<u64>(argument).get(1));
    if (((start | length) & (block::kSectorSize - 1)) != 0 || start > device().bytes() ||
        length > device().bytes() - start) {
      return Err(Errno::EINVAL);
    }
    if (!device().limits().can_discard) return Err(Errno::EOPNOTSUPP);
    TRY(cache_->flush_buffers());
    u64 sector = start >> block::kSectorShift;
    for (u64 left = length >> block::kSectorShift; left != 0;) {
      const u32 piece = static_cast<u32>(std::min<u64>(left, u32{1} << 22));
      TRY(block::discard(device(), sector, piece));
      sector += piece;
      left -= piece;
    }
    return 0;
  }

  const lib::Ref<DiskCache> cache_;
};

Result<lib::Ref<vfs::File>> open_block(void*, vfs::DeviceNumber number, const vfs::Path& path, u32 flags) {
  auto device = block::find(block::Number{number.major, number.minor});
  if (!device) return Err(Errno::ENXIO);
  const bool writes = (flags & vfs::open_flag::kAccessMask) != vfs::open_flag::kReadOnly;
  if (writes && device->is_read_only()) return Err(Errno::EACCES);
  auto cache = TRY(DiskCache::open(std::move(device)));
  auto file = lib::make_ref<BlockFile>(path, flags, cache);
  if (!file) {
    cache->close();
    return Err(file.error());
  }
  return lib::Ref<vfs::File>(std::move(*file));
}

class Nodes final : public block::Listener {
 public:
  void added(block::Device& device) override {
    const vfs::DeviceNumber number{device.number().major, device.number().minor};
    // Taken for the first disk of a kind and kept: whether there is a device of the number is found out at open.
    static_cast<void>(vfs::register_device(vfs::FileType::Block, number.major, 0, kAllMinors, open_block, nullptr));
    if (!devfs::add_node(device.name(), vfs::FileType::Block, number, 0660)) {
      LOG_ERROR("block", "no memory for the node of %s", device.name());
    }
  }
  void removed(block::Device& device) override { devfs::remove_node(device.name()); }

 private:
  static constexpr u32 kAllMinors = 1 << 20;
};
Nodes g_nodes;

void partitions(procfs::Text& text) {
  text.print("major minor  #blocks  name\n\n");
  for (usize i = 0; lib::Ref<block::Device> device = block::at(i); ++i) {
    text.print("%4u %7u %10lu %s\n", device->number().major, device->number().minor, device->bytes() / KiB,
               device->name());
  }
}

void diskstats(procfs::Text& text) {
  constexpr usize kRead = 0, kWrite = 1, kFlush = 2, kDiscard = 3;
  for (usize i = 0; lib::Ref<block::Device> device = block::at(i); ++i) {
    const block::Statistics& s = device->statistics();
    const auto get = [](const std::atomic<u64>& counter) { return counter.load(std::memory_order_relaxed); };
    text.print("%4u %7u %s %lu %lu %lu 0 %lu %lu %lu 0 %lu 0 0 %lu %lu %lu 0 %lu 0\n", device->number().major,
               device->number().minor, device->name(), get(s.requests[kRead]), get(s.merged[kRead]),
               get(s.sectors[kRead]), get(s.requests[kWrite]), get(s.merged[kWrite]), get(s.sectors[kWrite]),
               get(s.in_flight), get(s.requests[kDiscard]), get(s.merged[kDiscard]), get(s.sectors[kDiscard]),
               get(s.requests[kFlush]));
  }
}

class BlockNodesSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "block-nodes"; }
  void on_early_init(kernel::Kernel&) override {
    if (!procfs::register_file("partitions", partitions) || !procfs::register_file("diskstats", diskstats)) {
      LOG_ERROR("block", "no memory for /proc/partitions");
    }
  }
  void on_late_init(kernel::Kernel&) override {
    block::set_listener(g_nodes);
    vfs::set_extra_write_back(write_back_disks);
    vfs::set_extra_sync(sync_disks);
  }
};
REGISTER_SUBSYSTEM(BlockNodesSubsystem);

}  // namespace
}  // namespace blockdev
