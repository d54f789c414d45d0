#include "fs/initramfs/unpack.hpp"

#include "fs/vfs/namei.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/cpio.hpp"

namespace initramfs {
namespace {

// Files with several names: the archive has the contents once, with the last of them.
struct LinkedFile {
  u32 inode = 0;
  vfs::Path path;
};

class Unpacker {
 public:
  explicit Unpacker(const vfs::WalkContext& context) : context_(context) {}

  Status add(const lib::CpioEntry& entry) {
    switch (static_cast<vfs::FileType>(entry.mode & vfs::kTypeMask)) {
      case vfs::FileType::Directory: return add_directory(entry);
      case vfs::FileType::Regular: return add_file(entry);
      case vfs::FileType::Symlink: {
        const std::string_view target(reinterpret_cast<const char*>(entry.data.data()), entry.data.size());
        TRY(vfs::make_symlink(context_, target, entry.name));
        return set_attributes(entry);
      }
      default: return add_node(entry);
    }
  }

 private:
  Status add_directory(const lib::CpioEntry& entry) {
    const Status made = vfs::make_directory(context_, entry.name, entry.mode & vfs::kPermissionMask);
    if (!made && made.error() != Errno::EEXIST) return made;
    return set_attributes(entry);
  }

  Status add_node(const lib::CpioEntry& entry) {
    vfs::NewNode node;
    node.type = static_cast<vfs::FileType>(entry.mode & vfs::kTypeMask);
    node.permissions = entry.mode & vfs::kPermissionMask;
    node.device_number = {entry.device_major, entry.device_minor};
    TRY(vfs::make_node(context_, entry.name, node));
    return set_attributes(entry);
  }

  Status add_file(const lib::CpioEntry& entry) {
    if (entry.links > 1) {
      for (const LinkedFile& linked : linked_) {
        if (linked.inode != entry.inode) continue;
        TRY(vfs::make_link(context_, linked.path, entry.name));
        return entry.data.empty() ? Status() : write(entry);
      }
    }
    TRY(write(entry));
    if (entry.links > 1) TRY(linked_.push({entry.inode, TRY(vfs::resolve(context_, entry.name))}));
    return {};
  }

  Status write(const lib::CpioEntry& entry) {
    using namespace vfs::open_flag;
    auto file =
        TRY(vfs::open(context_, entry.name, kWriteOnly | kCreate | kTruncate, entry.mode & vfs::kPermissionMask));
    vfs::WriteBuffer data = vfs::WriteBuffer::kernel(entry.data.data(), entry.data.size());
    while (!data.empty()) {
      if (TRY(file->write_at_offset(data)) == 0) return Err(Errno::ENOSPC);
    }
    return set_attributes(entry);
  }

  Status set_attributes(const lib::CpioEntry& entry) {
    const vfs::Path place = TRY(vfs::resolve(context_, entry.name, vfs::Follow::No));
    vfs::Inode::Change change;
    change.set_permissions = change.set_uid = change.set_gid = change.set_modify = change.set_access = true;
    change.permissions = entry.mode & vfs::kPermissionMask;
    change.uid = entry.uid;
    change.gid = entry.gid;
    change.access_time = change.modify_time = static_cast<vfs::Timestamp>(entry.modify_time) * 1'000'000'000;
    return place.inode()->change_attributes(change);
  }

  const vfs::WalkContext& context_;
  lib::Vector<LinkedFile> linked_;
};

}  // namespace

Result<Unpacked> unpack(std::span<const u8> archive, const vfs::WalkContext& context) {
  lib::CpioReader reader(archive);
  Unpacker unpacker(context);
  Unpacked result;
  lib::CpioEntry entry;
  for (;;) {
    const auto more = reader.next(entry);
    if (!more) {
      LOG_ERROR("initramfs", "the archive is damaged at byte %zu", reader.position());
      return Err(more.error());
    }
    if (!*more) return result;
    ++result.entries;
    if (const Status added = unpacker.add(entry); !added) {
      ++result.failed;
      LOG_ERROR("initramfs", "%.*s: error %d", static_cast<int>(entry.name.size()), entry.name.data(),
                static_cast<int>(added.error()));
    }
  }
}

}  // namespace initramfs
