// Attributes of files and file systems.

#include "fs/vfs/mount.hpp"
#include "gen/syscall_decl.hpp"
#include "kernel/syscall/path_argument.hpp"
#include "kernel/time/wall_clock.hpp"

namespace syscall {
namespace {

constexpr i64 kSecond = 1'000'000'000;

i64 seconds_of(vfs::Timestamp time) { return time >= 0 ? time / kSecond : -((-time + kSecond - 1) / kSecond); }
i64 nanoseconds_of(vfs::Timestamp time) { return time - seconds_of(time) * kSecond; }

u32 mode_of(const vfs::Attributes& attributes) { return static_cast<u32>(attributes.type) | attributes.permissions; }

Result<i64> put_status(const vfs::Attributes& from, mm::UserOut<UserStat> to) {
  UserStat status{};
  status.st_dev = from.device;
  status.st_ino = from.inode;
  status.st_mode = mode_of(from);
  status.st_nlink = from.links;
  status.st_uid = from.uid;
  status.st_gid = from.gid;
  status.st_rdev = from.device_number.encoded();
  status.st_size = static_cast<decltype(status.st_size)>(from.size);
  status.st_blksize = static_cast<decltype(status.st_blksize)>(from.block_size);
  status.st_blocks = static_cast<decltype(status.st_blocks)>(from.blocks);
  const auto put_time = [](auto& seconds, auto& nanoseconds, vfs::Timestamp time) {
    seconds = static_cast<std::remove_reference_t<decltype(seconds)>>(seconds_of(time));
    nanoseconds = static_cast<std::remove_reference_t<decltype(nanoseconds)>>(nanoseconds_of(time));
  };
  put_time(status.st_atime, status.st_atime_nsec, from.access_time);
  put_time(status.st_mtime, status.st_mtime_nsec, from.modify_time);
  put_time(status.st_ctime, status.st_ctime_nsec, from.change_time);
  TRY(to.put(status));
  return 0;
}

Result<i64> put_info(const vfs::Path& place, mm::UserOut<StatFs> to) {
  const vfs::FileSystemInfo info = place.mount().file_system().info();
  StatFs result{};
  result.type = static_cast<i64>(info.magic);
  result.block_size = result.fragment_size = static_cast<i64>(info.block_size);
  result.blocks = info.blocks;
  result.free_blocks = info.free_blocks;
  result.available_blocks = info.available_blocks;
  result.files = info.files;
  result.free_files = info.free_files;
  result.name_length = static_cast<i64>(info.name_max);
  constexpr u32 kStValid = 0x20;
  result.flags = static_cast<i64>(kStValid | (place.mount().flags() & 0x1f));
  const u64 id = place.mount().file_system().device();
  result.id[0] = static_cast<i32>(id);
  result.id[1] = static_cast<i32>(id >> 32);
  TRY(to.put(result));
  return 0;
}

Result<i64> check_access(int directory, mm::UserString path, u32 mode, u32 flags) {
  if (mode > 7) return Err(Errno::EINVAL);
  const vfs::Path place = TRY(resolve_at(directory, path, flags));
  lib::Ref<vfs::Inode> inode = place.inode();
  const vfs::Credentials& mine = *proc::current_thread().credentials;
  const u32 type_is_device = inode->type() == vfs::FileType::Character || inode->type() == vfs::FileType::Block;
  if ((mode & 2) != 0 && place.mount().is_read_only() && type_is_device == 0) return Err(Errno::EROFS);
  if (mode == 0) return 0;
  if ((flags & kAtEaccess) != 0 || (mine.uid == mine.fsuid && mine.gid == mine.fsgid)) {
    TRY(vfs::check_permission(*inode, mine, static_cast<vfs::Permission>(mode)));
    return 0;
  }
  // access(2) asks on behalf of the real user.
  auto real = TRY(mine.clone());
  real->fsuid = mine.uid;
  real->fsgid = mine.gid;
  real->effective = mine.uid == 0 ? mine.permitted : 0;
  TRY(vfs::check_permission(*inode, *real, static_cast<vfs::Permission>(mode)));
  return 0;
}

Status check_writable(const vfs::Path& place) {
  return place.mount().is_read_only() ? Status(Err(Errno::EROFS)) : Status();
}

Result<i64> change_mode(const vfs::Path& place, u32 mode) {
  TRY(check_writable(place));
  lib::Ref<vfs::Inode> inode = place.inode();
  const vfs::Credentials& who = *proc::current_thread().credentials;
  if (!vfs::owns(*inode, who)) return Err(Errno::EPERM);
  vfs::Inode::Change change;
  change.set_permissions = true;
  change.permissions = mode & vfs::kPermissionMask;
  // Only members of the file's group keep the set-group-ID bit.
  if (!who.in_group(inode->attributes().gid) && !who.has(vfs::Capability::Fsetid)) change.permissions &= ~vfs::kSetGid;
  TRY(inode->change_attributes(change));
  return 0;
}

Result<i64> change_owner(const vfs::Path& place, u32 uid, u32 gid) {
  constexpr u32 kKeep = ~u32{0};
  TRY(check_writable(place));
  lib::Ref<vfs::Inode> inode = place.inode();
  const vfs::Attributes attributes = inode->attributes();
  const vfs::Credentials& who = *proc::current_thread().credentials;
  const bool gives_away = uid != kKeep && uid != attributes.uid;
  const bool regroups = gid != kKeep && gid != attributes.gid;
  const bool may_regroup = attributes.uid == who.fsuid && who.in_group(gid);
  if (!who.has(vfs::Capability::Chown) && (gives_away || (regroups && !may_regroup))) return Err(Errno::EPERM);
  if (!who.has(vfs::Capability::Chown) && attributes.uid != who.fsuid) return Err(Errno::EPERM);
  vfs::Inode::Change change;
  change.set_uid = uid != kKeep;
  change.uid = uid;
  change.set_gid = gid != kKeep;
  change.gid = gid;
  if (!inode->is_directory() && (uid != kKeep || gid != kKeep)) {
    // A file that changes hands loses its set-ID bits.
    change.set_permissions = true;
    change.permissions = attributes.permissions & ~vfs::kSetUid;
    if ((attributes.permissions & 010) != 0) change.permissions &= ~vfs::kSetGid;
  }
  TRY(inode->change_attributes(change));
  return 0;
}

constexpr i64 kTimeNow = (1 << 30) - 1, kTimeOmit = (1 << 30) - 2;

Result<i64> set_times(const vfs::Path& place, mm::UserIn<TimeSpec> times) {
  TimeSpec wanted[2] = {{0, kTimeNow}, {0, kTimeNow}};
  if (times) {
    for (usize i = 0; i < 2; ++i) {
      wanted[i] = TRY(times.get(i));
      const i64 part = wanted[i].nanoseconds;
      if (part != kTimeNow && part != kTimeOmit && (part < 0 || part >= kSecond)) return Err(Errno::EINVAL);
    }
  }
  TRY(check_writable(place));
  lib::Ref<vfs::Inode> inode = place.inode();
  const vfs::Credentials& who = *proc::current_thread().credentials;
  const bool both_now = wanted[0].nanoseconds == kTimeNow && wanted[1].nanoseconds == kTimeNow;
  if (wanted[0].nanoseconds == kTimeOmit && wanted[1].nanoseconds == kTimeOmit) return 0;
  if (!vfs::owns(*inode, who)) {
    if (!both_now) return Err(Errno::EPERM);
    TRY(vfs::check_permission(*inode, who, vfs::Permission::Write));
  }
  const auto value = [](const TimeSpec& time) {
    return time.nanoseconds == kTimeNow ? vfs::now() : time.seconds * kSecond + time.nanoseconds;
  };
  vfs::Inode::Change change;
  change.set_access = wanted[0].nanoseconds != kTimeOmit;
  change.access_time = value(wanted[0]);
  change.set_modify = wanted[1].nanoseconds != kTimeOmit;
  change.modify_time = value(wanted[1]);
  TRY(inode->change_attributes(change));
  return 0;
}

}  // namespace

Result<i64> sys_stat(mm::UserString path, mm::UserOut<UserStat> status) {
  return put_status(TRY(resolve_at(kAtCurrent, path, 0)).inode()->attributes(), status);
}
Result<i64> sys_lstat(mm::UserString path, mm::UserOut<UserStat> status) {
  return put_status(TRY(resolve_at(kAtCurrent, path, kAtSymlinkNofollow)).inode()->attributes(), status);
}
Result<i64> sys_fstat(int fd, mm::UserOut<UserStat> status) {
  return put_status(TRY(file_of(fd))->inode()->attributes(), status);
}
Result<i64> sys_newfstatat(int directory, mm::UserString path, mm::UserOut<UserStat> status, u32 flags) {
  return put_status(TRY(resolve_at(directory, path, flags)).inode()->attributes(), status);
}

Result<i64> sys_statx(int directory, mm::UserString path, u32 flags, u32 mask, mm::UserOut<Statx> status) {
  constexpr u32 kKnown = kAtEmptyPath | kAtSymlinkNofollow | kAtNoAutomount | kAtStatxSync;
  constexpr u32 kReserved = 0x80000000, kBasic = 0x7ff, kBirth = 0x800, kMountId = 0x1000;
  if ((flags & ~kKnown) != 0 || (flags & kAtStatxSync) == kAtStatxSync || (mask & kReserved) != 0)
    return Err(Errno::EINVAL);
  const vfs::Path place = TRY(resolve_at(directory, path, flags));
  const vfs::Attributes from = place.inode()->attributes();
  const auto time = [](vfs::Timestamp t) { return StatxTime{seconds_of(t), static_cast<u32>(nanoseconds_of(t)), 0}; };
  Statx result{};
  result.mask = kBasic | kMountId | (from.birth_time != 0 ? kBirth : 0);
  result.block_size = static_cast<u32>(from.block_size);
  result.links = from.links;
  result.uid = from.uid;
  result.gid = from.gid;
  result.mode = static_cast<u16>(mode_of(from));
  result.inode = from.inode;
  result.size = from.size;
  result.blocks = from.blocks;
  result.access = time(from.access_time);
  result.birth = time(from.birth_time);
  result.change = time(from.change_time);
  result.modify = time(from.modify_time);
  result.device_major = from.device_number.major;
  result.device_minor = from.device_number.minor;
  const auto device = vfs::DeviceNumber::decode(from.device);
  result.file_system_major = device.major;
  result.file_system_minor = device.minor;
  result.mount_id = place.mount().id();
  TRY(status.put(result));
  return 0;
}

Result<i64> sys_statfs(mm::UserString path, mm::UserOut<StatFs> info) {
  return put_info(TRY(resolve_at(kAtCurrent, path, 0)), info);
}
Result<i64> sys_fstatfs(int fd, mm::UserOut<StatFs> info) { return put_info(TRY(file_of(fd))->path(), info); }

Result<i64> sys_access(mm::UserString path, u32 mode) { return check_access(kAtCurrent, path, mode, 0); }
Result<i64> sys_faccessat(int directory, mm::UserString path, u32 mode) {
  return check_access(directory, path, mode, 0);
}
Result<i64> sys_faccessat2(int directory, mm::UserString path, u32 mode, u32 flags) {
  return check_access(directory, path, mode, flags);
}

Result<i64> sys_chmod(mm::UserString path, u32 mode) { return change_mode(TRY(resolve_at(kAtCurrent, path, 0)), mode); }
Result<i64> sys_fchmod(int fd, u32 mode) {
  auto file = TRY(file_of(fd));
  if (file->is_path_only()) return Err(Errno::EBADF);
  return change_mode(file->path(), mode);
}
Result<i64> sys_fchmodat(int directory, mm::UserString path, u32 mode) {
  return change_mode(TRY(resolve_at(directory, path, 0)), mode);
}

Result<i64> sys_chown(mm::UserString path, u32 uid, u32 gid) {
  return change_owner(TRY(resolve_at(kAtCurrent, path, 0)), uid, gid);
}
Result<i64> sys_lchown(mm::UserString path, u32 uid, u32 gid) {
  return change_owner(TRY(resolve_at(kAtCurrent, path, kAtSymlinkNofollow)), uid, gid);
}
Result<i64> sys_fchown(int fd, u32 uid, u32 gid) {
  auto file = TRY(file_of(fd));
  if (file->is_path_only()) return Err(Errno::EBADF);
  return change_owner(file->path(), uid, gid);
}
Result<i64> sys_fchownat(int directory, mm::UserString path, u32 uid, u32 gid, u32 flags) {
  return change_owner(TRY(resolve_at(directory, path, flags)), uid, gid);
}

Result<i64> sys_utimensat(int directory, mm::UserString path, mm::UserIn<TimeSpec> times, u32 flags) {
  // Without a path the descriptor itself is meant (futimens).
  if (!path) return set_times(TRY(file_of(directory))->path(), times);
  return set_times(TRY(resolve_at(directory, path, flags)), times);
}

Result<i64> sys_truncate(mm::UserString path, i64 length) {
  if (length < 0) return Err(Errno::EINVAL);
  const vfs::Path place = TRY(resolve_at(kAtCurrent, path, 0));
  if (place.inode()->is_directory()) return Err(Errno::EISDIR);
  auto file = TRY(vfs::open_path(place, vfs::open_flag::kWriteOnly, *proc::current_thread().credentials));
  TRY(file->truncate(static_cast<u64>(length)));
  return 0;
}

namespace {

// Packs entries as struct linux_dirent64.
class EntryPacker final : public vfs::DirectorySink {
 public:
  EntryPacker(VirtAddr buffer, usize size) : at_(buffer), room_(size) {}
  bool add(std::string_view name, u64 inode, vfs::FileType type, u64 next_position) override {
    struct Header {
      u64 inode;
      i64 offset;
      u16 size;
      u8 type;
    };
    constexpr usize kNameOffset = 19;
    const usize size = align_up(kNameOffset + name.size() + 1, 8);
    if (size > room_) {
      too_small_ = used_ == 0;
      return false;
    }
    char record[align_up(kNameOffset + vfs::kNameMax + 1, 8)] = {};
    const Header header = {inode, static_cast<i64>(next_position), static_cast<u16>(size), vfs::directory_type(type)};
    std::memcpy(record, &header, kNameOffset);
    std::memcpy(record + kNameOffset, name.data(), name.size());
    if (!mm::copy_to_user(at_, record, size)) {
      faulted_ = true;
      return false;
    }
    at_ += size;
    room_ -= size;
    used_ += size;
    return true;
  }
  Result<i64> result() const {
    if (used_ != 0) return static_cast<i64>(used_);
    if (faulted_) return Err(Errno::EFAULT);
    if (too_small_) return Err(Errno::EINVAL);
    return 0;
  }

 private:
  VirtAddr at_;
  usize room_;
  usize used_ = 0;
  bool too_small_ = false;
  bool faulted_ = false;
};

}  // namespace

Result<i64> sys_getdents64(int fd, VirtAddr buffer, usize size) {
  auto file = TRY(file_of(fd));
  if (file->is_path_only()) return Err(Errno::EBADF);
  EntryPacker packer(buffer, size);
  TRY(file->list(packer));
  return packer.result();
}

}  // namespace syscall
