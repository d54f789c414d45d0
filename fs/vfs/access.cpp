// Permission checks: POSIX's owner, group, others, with root's capabilities (Linux fs/namei.c's rules in effect).

#include "fs/vfs/inode.hpp"

namespace vfs {

bool owns(Inode& inode, const Credentials& who) {
  return inode.attributes().uid == who.fsuid || who.has(Capability::Fowner);
}

Status check_permission(Inode& inode, const Credentials& who, Permission wanted) {
  const Attributes attributes = inode.attributes();
  const u32 bits = static_cast<u32>(wanted);
  u32 granted = attributes.permissions & 7;
  if (attributes.uid == who.fsuid) {
    granted = attributes.permissions >> 6 & 7;
  } else if (who.in_group(attributes.gid)) {
    granted = attributes.permissions >> 3 & 7;
  }
  if ((granted & bits) == bits) return {};
  // Root may read and write anything, and execute what somebody may execute; directories it may always search.
  const bool executes = (bits & static_cast<u32>(Permission::Execute)) != 0;
  const bool somebody_may_execute = attributes.type == FileType::Directory || (attributes.permissions & 0111) != 0;
  if (who.has(Capability::DacOverride) && (!executes || somebody_may_execute)) return {};
  const bool reads_only = bits == static_cast<u32>(Permission::Read) ||
                          (attributes.type == FileType::Directory && (bits & static_cast<u32>(Permission::Write)) == 0);
  if (who.has(Capability::DacReadSearch) && reads_only) return {};
  return Err(Errno::EACCES);
}

Status check_sticky(Inode& directory, Inode& victim, const Credentials& who) {
  const Attributes attributes = directory.attributes();
  if ((attributes.permissions & kSticky) == 0) return {};
  if (attributes.uid == who.fsuid || owns(victim, who)) return {};
  return Err(Errno::EPERM);
}

}  // namespace vfs
