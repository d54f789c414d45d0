#include "fs/vfs/inode.hpp"

#include "fs/vfs/file.hpp"
#include "fs/vfs/mount.hpp"
#include "fs/vfs/special.hpp"

namespace vfs {
namespace {

std::atomic<u32> g_next_anonymous_device = 1;

}  // namespace

FileSystem::FileSystem() : device_(DeviceNumber{0, g_next_anonymous_device.fetch_add(1)}.encoded()) {}

Attributes Inode::attributes() {
  Attributes result;
  result.inode = number_;
  result.device = file_system_.device();
  result.type = type_;
  result.links = links();
  result.size = size();
  result.blocks = blocks_.load(std::memory_order_relaxed);
  result.device_number = device_number_;
  owned_.with([&](const Owned& owned) {
    result.permissions = owned.permissions;
    result.uid = owned.uid;
    result.gid = owned.gid;
    result.access_time = owned.access_time;
    result.modify_time = owned.modify_time;
    result.change_time = owned.change_time;
    result.birth_time = owned.birth_time;
  });
  return result;
}

void Inode::set_attributes(const NewNode& node) {
  type_ = node.type;
  device_number_ = node.device_number;
  const Timestamp time = now();
  owned_.unshared() = {node.permissions & kPermissionMask, node.uid, node.gid, time, time, time, time};
}

void Inode::set_times(Timestamp access, Timestamp modify, Timestamp change) {
  owned_.with([&](Owned& owned) {
    owned.access_time = access;
    owned.modify_time = modify;
    owned.change_time = change;
  });
}

Status Inode::change_attributes(const Change& change) {
  owned_.with([&](Owned& owned) {
    if (change.set_permissions) owned.permissions = change.permissions & kPermissionMask;
    if (change.set_uid) owned.uid = change.uid;
    if (change.set_gid) owned.gid = change.gid;
    if (change.set_access) owned.access_time = change.access_time;
    if (change.set_modify) owned.modify_time = change.modify_time;
    owned.change_time = now();
  });
  attributes_changed();
  return {};
}

void Inode::touch(u8 what) {
  const Timestamp time = now();
  owned_.with([&](Owned& owned) {
    if ((what & static_cast<u8>(Touch::Access)) != 0) owned.access_time = time;
    if ((what & static_cast<u8>(Touch::Modify)) != 0) owned.modify_time = time;
    if ((what & static_cast<u8>(Touch::Change)) != 0) owned.change_time = time;
  });
  attributes_changed();
}

// Linux's relatime: the access time is only worth a write if it would otherwise be older than the last change, or a day
// old.
void Inode::note_access(u32 mount_flags) {
  constexpr Timestamp kDay = Timestamp{24} * 3600 * 1'000'000'000;
  if ((mount_flags & (mount_flag::kReadOnly | mount_flag::kNoatime)) != 0) return;
  if (is_directory() && (mount_flags & mount_flag::kNodiratime) != 0) return;
  const Timestamp time = now();
  const bool is_due = owned_.with([&](const Owned& owned) {
    if ((mount_flags & mount_flag::kStrictatime) != 0) return owned.access_time != time;
    return owned.access_time <= owned.modify_time || owned.access_time <= owned.change_time ||
           time - owned.access_time >= kDay;
  });
  if (is_due) touch(static_cast<u8>(Touch::Access));
}

Result<lib::Ref<Inode>> Inode::look_up(std::string_view) { return Err(Errno::ENOTDIR); }
Result<lib::Ref<Inode>> Inode::create(std::string_view, const NewNode&) { return Err(Errno::EPERM); }
Result<lib::Ref<Inode>> Inode::create_symlink(std::string_view, std::string_view, u32, u32) {
  return Err(Errno::EPERM);
}
Status Inode::link(std::string_view, Inode&) { return Err(Errno::EPERM); }
Status Inode::unlink(std::string_view, Inode&) { return Err(Errno::EPERM); }
Status Inode::remove_directory(std::string_view, Inode&) { return Err(Errno::EPERM); }
Status Inode::rename(std::string_view, Inode&, Inode&, std::string_view, Inode*, bool) { return Err(Errno::EPERM); }
Result<lib::Ref<Inode>> Inode::create_unnamed(const NewNode&) { return Err(Errno::EOPNOTSUPP); }
Status Inode::list(u64, DirectorySink&) { return Err(Errno::ENOTDIR); }
Result<usize> Inode::read_link(std::span<char>) { return Err(Errno::EINVAL); }
Result<bool> Inode::follow(Path*) { return false; }
Status Inode::truncate(u64) { return Err(Errno::EINVAL); }
Status Inode::sync(bool) { return {}; }
Status Inode::allocate_space(u32, u64, u64) { return Err(Errno::EOPNOTSUPP); }

Result<lib::Ref<File>> Inode::open(const Path& path, u32 flags, const Credentials&) {
  return open_by_type(*this, path, flags);
}

}  // namespace vfs
