// Inodes between the disk and memory.

#include "fs/ext2/inode.hpp"

#include <algorithm>
#include <cstring>

#include "kernel/random/random.hpp"

namespace ext2 {
namespace {

constexpr i64 kSecond = 1'000'000'000;
constexpr u32 kFastSymlinkMax = sizeof(u32) * kBlockSlots - 1;
constexpr u32 kAttributeMagic = 0xea020000;

using vfs::FileType;

bool is_known_type(u32 mode) {
  switch (static_cast<FileType>(mode & vfs::kTypeMask)) {
    case FileType::Fifo:
    case FileType::Character:
    case FileType::Directory:
    case FileType::Block:
    case FileType::Regular:
    case FileType::Symlink:
    case FileType::Socket: return true;
  }
  return false;
}

bool is_device(FileType type) { return type == FileType::Character || type == FileType::Block; }

// Linux's two ways to write a device number into an inode: old numbers of 8 + 8 bits in the first slot, others in the
// second.
vfs::DeviceNumber device_from(const u32* slots) {
  if (slots[0] != 0) return {slots[0] >> 8 & 0xff, slots[0] & 0xff};
  const u32 value = slots[1];
  return {(value & 0xfff00) >> 8, (value & 0xff) | (value >> 12 & 0xfff00)};
}
void device_to(vfs::DeviceNumber number, u32* slots) {
  if (number.major < 256 && number.minor < 256) {
    slots[0] = number.major << 8 | number.minor;
  } else {
    slots[1] = (number.minor & 0xff) | number.major << 8 | (number.minor & ~0xffu) << 12;
  }
}

vfs::Timestamp whole_seconds(vfs::Timestamp time) { return time - time % kSecond; }

}  // namespace

Ext2Inode::~Ext2Inode() {
  if (object_) object_->detach();
}

vfs::Attributes Ext2Inode::attributes() {
  vfs::Attributes result = Inode::attributes();
  // What the disk can keep; otherwise times would change when the inode is read again.
  result.access_time = whole_seconds(result.access_time);
  result.modify_time = whole_seconds(result.modify_time);
  result.change_time = whole_seconds(result.change_time);
  result.birth_time = 0;
  return result;
}

Status Ext2Inode::load(Volume& volume, const DiskInode& disk) {
  const Geometry& geometry = volume.geometry();
  if (!is_known_type(disk.mode) || (disk.flags & kInodeForeign) != 0) {
    return volume.corrupted("an inode is of no known type", number());
  }
  vfs::NewNode node;
  node.type = static_cast<FileType>(disk.mode & vfs::kTypeMask);
  node.permissions = disk.mode & vfs::kPermissionMask;
  node.uid = disk.uid | u32{disk.uid_high} << 16;
  node.gid = disk.gid | u32{disk.gid_high} << 16;
  std::memcpy(map_.slots, disk.block, sizeof(map_.slots));
  if (is_device(node.type)) node.device_number = device_from(map_.slots);
  set_attributes(node);
  set_identity(number(), node.type);
  set_links(disk.links);
  set_times(disk.access_time * kSecond, disk.modify_time * kSecond, disk.change_time * kSecond);
  map_.sectors = disk.sectors;
  map_.goal_group = geometry.group_of_inode(id());
  set_blocks(disk.sectors);
  flags_ = disk.flags;
  generation_ = disk.generation;
  attribute_block_ = disk.attribute_block;
  delete_time_ = disk.delete_time;
  u64 size = disk.size;
  if (node.type == FileType::Regular) size |= u64{disk.size_high} << 32;
  if (size > INT64_MAX || (node.type == FileType::Symlink && size >= geometry.block_size) ||
      (node.type == FileType::Directory && (size == 0 || size % geometry.block_size != 0))) {
    return volume.corrupted("an inode has an impossible size", number());
  }
  Inode::set_size(size);
  if (node.type == FileType::Regular) object_ = TRY(mm::FileObject::create(*this, size, mm::FileObject::Kind::File));
  return {};
}

Status Ext2Inode::make(Volume& volume, u32 number, const vfs::NewNode& node, u32 links) {
  set_identity(number, node.type);
  set_attributes(node);
  set_links(links);
  created_epoch_ = volume.epoch();
  map_.goal_group = volume.geometry().group_of_inode(number);
  entropy::fill(&generation_, sizeof(generation_));
  if (is_device(node.type)) device_to(node.device_number, map_.slots);
  if (node.type == FileType::Regular) object_ = TRY(mm::FileObject::create(*this, 0, mm::FileObject::Kind::File));
  return {};
}

Status Ext2Inode::store(Volume& volume) {
  const auto place = TRY(volume.inode_place(id()));
  attributes_dirty_.store(false, std::memory_order_release);
  if (size_dirty_.exchange(false)) stored_epoch_ = volume.epoch();
  const vfs::Attributes now = Inode::attributes();
  DiskInode& disk = *place.inode;
  if (stored_epoch_ == 0 && created_epoch_ != 0) {
    std::memset(&disk, 0, volume.geometry().inode_size);
    created_epoch_ = stored_epoch_ = volume.epoch();
  }
  disk.mode = static_cast<u16>(static_cast<u32>(now.type) | now.permissions);
  disk.uid = static_cast<u16>(now.uid);
  disk.uid_high = static_cast<u16>(now.uid >> 16);
  disk.gid = static_cast<u16>(now.gid);
  disk.gid_high = static_cast<u16>(now.gid >> 16);
  disk.size = static_cast<u32>(now.size);
  if (now.type == FileType::Regular) {
    disk.size_high = static_cast<u32>(now.size >> 32);
    if (now.size > INT32_MAX) volume.note_large_file();
  }
  disk.access_time = disk_seconds(now.access_time);
  disk.modify_time = disk_seconds(now.modify_time);
  disk.change_time = disk_seconds(now.change_time);
  disk.delete_time = now.links == 0 ? delete_time_ : 0;
  disk.links = static_cast<u16>(now.links);
  disk.sectors = map_.sectors;
  disk.flags = flags_;
  disk.generation = generation_;
  disk.attribute_block = attribute_block_;
  std::memcpy(disk.block, map_.slots, sizeof(map_.slots));
  set_blocks(map_.sectors);
  volume.mark_dirty(*place.block);
  return {};
}

Status Ext2Inode::store_if_dirty() {
  if (!attributes_dirty_.load(std::memory_order_acquire)) return {};
  return ext2().with_volume([&](Volume& volume) -> Status {
    if (volume.is_read_only()) return {};
    return store(volume);
  });
}

// The last name went. A time of deletion below the number of inodes would look like a link of the list of orphans.
void Ext2Inode::drop_link(Volume& volume, u32 links) {
  set_links(links);
  if (links == 0) {
    delete_time_ = std::max(disk_seconds(vfs::now()), volume.geometry().inodes + 1);
    volume.count_orphan(1);
    ext2().lost_its_name(*this);
  }
}

// Extended attributes that somebody else gave the file: their block may be shared.
Status Ext2Inode::free_attributes(Volume& volume) {
  const u32 number = std::exchange(attribute_block_, 0);
  if (number == 0) return {};
  if (!volume.is_data_block(number)) return volume.corrupted("an attribute block is impossible", number);
  Block* block = TRY(volume.cache().get(number, Role::Text));
  u32* header = block->as<u32>();
  if (header[0] != kAttributeMagic) return volume.corrupted("an attribute block is none", number);
  if (header[1] > 1) {
    --header[1];
    volume.mark_dirty(*block);
    return {};
  }
  return volume.free_block(number);
}

void Ext2Inode::erase(Volume& volume) {
  if (volume.is_read_only()) return;
  const bool directory = is_directory();
  const bool hold = is_on_disk(volume);
  volume.count_orphan(-1);
  const bool has_blocks =
      type() == FileType::Regular || directory || (type() == FileType::Symlink && size() > kFastSymlinkMax);
  Status erased = free_attributes(volume);
  if (erased && has_blocks) erased = volume.free_from(map_, 0);
  if (!erased) return;  // the volume is read-only now, or there was no memory: e2fsck takes it back
  if (!has_blocks) std::memset(map_.slots, 0, sizeof(map_.slots));
  map_.sectors = 0;
  Inode::set_size(0);
  if (store(volume)) volume.free_inode(id(), directory, hold);
}

void Ext2Inode::attributes_changed() {
  wants_store();
  if (!discarded_) ext2().add_dirty(*this);
}

void Ext2Inode::became_dirty() { ext2().add_dirty(*this); }

void Ext2Inode::last_reference_gone() {
  if (discarded_) {
    lib::destroy(this);
  } else {
    ext2().dispose(*this);
  }
}

Result<usize> Ext2Inode::read_link(std::span<char> buffer) {
  if (type() != FileType::Symlink) return Err(Errno::EINVAL);
  const usize length = std::min<usize>(buffer.size(), size());
  if (size() <= kFastSymlinkMax && map_.sectors <= (attribute_block_ != 0 ? 8u : 0u)) {
    std::memcpy(buffer.data(), map_.slots, length);
    return length;
  }
  return ext2().with_volume([&](Volume& volume) -> Result<usize> {
    const u32 number = TRY(volume.map(map_, 0));
    if (number == 0) return volume.corrupted("a symlink has no text", this->number());
    std::memcpy(buffer.data(), TRY(volume.cache().get(number, Role::Text))->data, length);
    return length;
  });
}

Status Ext2Inode::write_symlink(Volume& volume, std::string_view target) {
  if (target.size() >= volume.geometry().block_size) return Err(Errno::ENAMETOOLONG);
  if (target.size() <= kFastSymlinkMax) {
    std::memcpy(map_.slots, target.data(), target.size());
  } else {
    const u32 number = TRY(volume.map_or_allocate(map_, 0));
    auto block = volume.cache().fresh(number, Role::Text);
    if (!block) {
      volume.unallocate_block(number);
      return Err(block.error());
    }
    std::memcpy((*block)->data, target.data(), target.size());
  }
  Inode::set_size(target.size());
  return {};
}

}  // namespace ext2
