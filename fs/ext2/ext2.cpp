#include "fs/ext2/ext2.hpp"

#include "fs/ext2/inode.hpp"
#include "fs/vfs/mount.hpp"
#include "fs/vfs/write_back.hpp"
#include "hal/timer.hpp"
#include "kernel/diag/log.hpp"

namespace ext2 {
namespace {

constexpr u64 kMagicOfStatfs = 0xef53;

// A device is mounted once: two volumes on it would not know of each other.
struct Mounted {
  lib::Vector<block::Device*> devices;
};
sync::Locked<Mounted, sync::LockClass::BlockDevice> g_mounted;

Status claim(block::Device& device) {
  return g_mounted.with([&](Mounted& mounted) -> Status {
    for (const block::Device* other : mounted.devices) {
      if (other == &device) return Err(Errno::EBUSY);
    }
    return mounted.devices.push(&device);
  });
}

void give_up_claim(block::Device& device) {
  g_mounted.with([&](Mounted& mounted) {
    for (usize i = 0; i < mounted.devices.size(); ++i) {
      if (mounted.devices[i] != &device) continue;
      mounted.devices.remove_at(i);
      return;
    }
  });
}

}  // namespace

Status Ext2::check_options(std::string_view options) {
  while (!options.empty()) {
    const usize end = std::min(options.find(','), options.size());
    const std::string_view word = options.substr(0, end);
    if (!word.empty() && word != "errors=remount-ro" && word != "defaults" && word != "rw" && word != "ro") {
      return Err(Errno::EINVAL);
    }
    options.remove_prefix(std::min(end + 1, options.size()));
  }
  return {};
}

Result<lib::Ref<Ext2>> Ext2::mount(lib::Ref<block::Device> device, bool read_only, std::string_view options) {
  TRY(check_options(options));
  if (!read_only && device->is_read_only()) return Err(Errno::EACCES);
  auto fresh = TRY(lib::make_ref<Ext2>());
  TRY(claim(*device));
  fresh->entered_ = true;
  fresh->device_ = device;
  const vfs::DeviceNumber number{device->number().major, device->number().minor};
  fresh->set_device(number.encoded());
  TRY(fresh->volume_.with([&](Volume& volume) -> Status {
    TRY(volume.open(std::move(device), read_only));
    fresh->block_shift_ = volume.geometry().block_shift;
    fresh->max_file_size_ = volume.geometry().max_file_size;
    return {};
  }));
  TRY(fresh->root());
  if (!read_only) TRY(fresh->remount(false, {}));
  return fresh;
}

Ext2::~Ext2() {
  lost_and_found_.reset();
  if (device_ && !volume_.unshared().is_read_only()) {
    if (!sync() || !volume_.with([](Volume& volume) { return volume.stop_writing(); })) {
      LOG_ERROR("ext2", "%s: not everything could be written", device_->name());
    }
  }
  // Those that could not be written.
  while (lib::Ref<Ext2Inode> inode = next_dirty(~u64{0})) inode.reset();
  if (entered_) give_up_claim(*device_);
}

Result<lib::Ref<vfs::Inode>> Ext2::root() {
  auto root = TRY(with_volume([&](Volume& volume) { return inode(volume, kRootInode); }));
  if (!root->is_directory()) return Err(Errno::EUCLEAN);
  return lib::Ref<vfs::Inode>(std::move(root));
}

vfs::FileSystemInfo Ext2::info() {
  return volume_.with([&](Volume& volume) {
    const SuperBlock& super = volume.super();
    vfs::FileSystemInfo info;
    info.magic = kMagicOfStatfs;
    info.block_size = volume.geometry().block_size;
    // As Linux: without what the file system itself needs.
    u64 overhead = volume.geometry().first_data_block;
    for (u32 group = 0; group < volume.geometry().groups; ++group) {
      overhead += volume.geometry().table_blocks + 2;
      if (volume.geometry().has_super(group)) overhead += 1 + volume.geometry().descriptor_blocks;
    }
    info.blocks = volume.geometry().blocks - std::min<u64>(overhead, volume.geometry().blocks);
    info.free_blocks = super.free_blocks;
    info.available_blocks = super.free_blocks - std::min(super.free_blocks, super.reserved_blocks);
    info.files = volume.geometry().inodes;
    info.free_files = super.free_inodes;
    return info;
  });
}

void Ext2::note_state(const Volume& volume) {
  if (wanted_writable_.load(std::memory_order_relaxed)) stopped_.store(volume.is_read_only());
}

Status Ext2::remount(bool read_only, std::string_view options) {
  TRY(check_options(options));
  if (read_only) {
    TRY(sync());
    wanted_writable_.store(false);
    lost_and_found_.reset();
    return volume_.with([](Volume& volume) { return volume.stop_writing(); });
  }
  if (!volume_.with([](Volume& volume) { return volume.is_read_only(); })) return {};
  TRY(volume_.with([](Volume& volume) { return volume.start_writing(); }));
  wanted_writable_.store(true);
  stopped_.store(false);
  find_lost_and_found();
  return erase_orphans();
}

// Where names are parked; without it a rename over a name is not safe from power cuts, but works.
void Ext2::find_lost_and_found() {
  auto root = this->root();
  if (!root) return;
  auto& directory = static_cast<Ext2Inode&>(**root);
  lib::Ref<vfs::Inode> found;
  if (auto looked = directory.names.with([&](vfs::Inode::Names&) { return directory.look_up("lost+found"); })) {
    found = std::move(*looked);
  }
  if (found && found->is_directory()) lost_and_found_ = lib::static_ref_cast<Ext2Inode>(found);
}

// Another system's list of files that were open without a name when it stopped.
Status Ext2::erase_orphans() {
  for (u32 step = 0;; ++step) {
    lib::Ref<Ext2Inode> orphan;
    const bool more = TRY(with_volume([&](Volume& volume) -> Result<bool> {
      const u32 number = volume.super().last_orphan;
      if (number == 0) return false;
      const Geometry& geometry = volume.geometry();
      if (!geometry.is_inode(number) || number < geometry.first_inode || step > geometry.inodes) {
        volume.set_last_orphan(0);
        return false;
      }
      const auto place = TRY(volume.inode_place(number));
      volume.set_last_orphan(place.inode->links == 0 ? place.inode->delete_time : 0);
      if (place.inode->links != 0) return true;
      auto fresh = TRY(lib::make_ref<Ext2Inode>(*this));
      fresh->set_identity(number, vfs::FileType::Regular);
      if (const Status loaded = fresh->load(volume, *place.inode); !loaded) {
        fresh->discarded_ = true;
        return Err(loaded.error());
      }
      fresh->drop_link(volume, 0);
      TRY(enter(*fresh));
      orphan = std::move(fresh);
      return true;
    }));
    if (!more) return {};
  }
}

Result<lib::Ref<Ext2Inode>> Ext2::inode(Volume& volume, u32 number) {
  lib::Ref<Ext2Inode> there = table_.with([&](Table& table) {
    Ext2Inode* found = table.inodes.find(number);
    return found != nullptr && found->try_acquire() ? lib::Ref<Ext2Inode>::adopt(found) : lib::Ref<Ext2Inode>();
  });
  if (there) return there;
  const auto place = TRY(volume.inode_place(number));
  if (place.inode->links == 0) return volume.corrupted("a name leads to an inode that is not in use", number);
  auto fresh = TRY(lib::make_ref<Ext2Inode>(*this));
  fresh->discarded_ = true;  // until it is complete
  fresh->set_identity(number, vfs::FileType::Regular);
  TRY(fresh->load(volume, *place.inode));
  TRY(enter(*fresh));
  fresh->discarded_ = false;
  return fresh;
}

// One that is on its way out may still be in the table: it is clean, and gives way.
Status Ext2::enter(Ext2Inode& inode) {
  return table_.with([&](Table& table) {
    table.inodes.remove(inode.id());
    return table.inodes.insert(inode.id(), &inode);
  });
}

void Ext2::leave(Ext2Inode& inode) {
  table_.with([&](Table& table) { table.inodes.remove(inode.id()); });
}

void Ext2::dispose(Ext2Inode& inode) {
  // Outside the volume's lock: pages that are on their way to the disk need it.
  if (inode.object_) inode.object_->detach();
  with_volume([&](Volume& volume) {
    if (inode.links() == 0) inode.erase(volume);
    table_.with([&](Table& table) {
      if (table.inodes.find(inode.id()) == &inode) table.inodes.remove(inode.id());
      if (inode.is_linked()) table.dirty.erase(table.dirty.iterator_to(inode));
    });
  });
  lib::destroy(&inode);
}

void Ext2::add_dirty(Ext2Inode& inode) {
  table_.with([&](Table& table) {
    if (inode.links() != 0 && !inode.dirty_list_holds_) {
      inode.dirty_list_holds_ = true;
      inode.acquire();
    }
    if (inode.is_linked()) return;
    inode.dirty_since_ns_ = hal::monotonic_ns();
    table.dirty.push_back(inode);
  });
}

void Ext2::lost_its_name(Ext2Inode& inode) {
  const bool held =
      table_.with([&](Table&) { return inode.is_linked() && std::exchange(inode.dirty_list_holds_, false); });
  if (held) inode.release();
}

lib::Ref<Ext2Inode> Ext2::next_dirty(u64 older_than_ns) {
  return table_.with([&](Table& table) {
    while (!table.dirty.empty() && table.dirty.front().dirty_since_ns_ <= older_than_ns) {
      Ext2Inode& first = table.dirty.front();
      table.dirty.pop_front();
      // One that is just being disposed of is left to that.
      if (std::exchange(first.dirty_list_holds_, false) || first.try_acquire()) {
        return lib::Ref<Ext2Inode>::adopt(&first);
      }
    }
    return lib::Ref<Ext2Inode>();
  });
}

Status Ext2::store_all(u64 older_than_ns, bool wait) {
  Status result;
  while (lib::Ref<Ext2Inode> inode = next_dirty(older_than_ns)) {
    if (Status written = inode->write_back_contents(wait); !written) result = written;
    if (Status stored = inode->store_if_dirty(); !stored) result = stored;
  }
  return result;
}

Status Ext2::sync() {
  Status result = store_all(hal::monotonic_ns(), true);
  const Status committed = with_volume([](Volume& volume) -> Status {
    if (volume.is_read_only()) return {};
    return volume.commit();
  });
  return committed ? result : committed;
}

void Ext2::write_back(bool all) {
  const u64 now = hal::monotonic_ns();
  const u64 limit = all ? now : now - std::min(now, vfs::kDirtyAgeNs);
  static_cast<void>(store_all(limit, false));
  with_volume([&](Volume& volume) {
    if (volume.is_read_only() || !volume.has_changes()) return;
    if (all || volume.oldest_change_ns() <= limit) static_cast<void>(volume.commit());
  });
}

}  // namespace ext2
