// Who acts: user and group identities and the powers of root, as every permission check takes them.
//
// Immutable once shared: a change makes a new object (setuid and its kin), so that readers need no lock.
#pragma once

#include "kernel/lib/ref.hpp"
#include "kernel/lib/vector.hpp"

namespace vfs {

// Linux capabilities, by their numbers (include/uapi/linux/capability.h).
enum class Capability : u8 {
  Chown = 0,
  DacOverride = 1,
  DacReadSearch = 2,
  Fowner = 3,
  Fsetid = 4,
  Kill = 5,
  Setgid = 6,
  Setuid = 7,
  Setpcap = 8,
  NetBindService = 10,
  NetAdmin = 12,
  NetRaw = 13,
  IpcLock = 14,
  IpcOwner = 15,
  SysModule = 16,
  SysRawio = 17,
  SysChroot = 18,
  SysPtrace = 19,
  SysAdmin = 21,
  SysBoot = 22,
  SysNice = 23,
  SysResource = 24,
  SysTime = 25,
  SysTtyConfig = 26,
  Mknod = 27,
  Syslog = 34,
};
inline constexpr u64 kAllCapabilities = (u64{1} << 41) - 1;

struct Credentials : lib::RefCounted<Credentials> {
  u32 uid = 0, euid = 0, suid = 0, fsuid = 0;
  u32 gid = 0, egid = 0, sgid = 0, fsgid = 0;
  u64 permitted = kAllCapabilities;
  u64 effective = kAllCapabilities;
  u64 inheritable = 0;
  u64 bounding = kAllCapabilities;
  lib::Vector<u32> groups;  // supplementary

  bool has(Capability capability) const { return (effective >> static_cast<u32>(capability) & 1) != 0; }
  bool in_group(u32 gid) const {
    if (gid == fsgid) return true;
    for (const u32 group : groups) {
      if (group == gid) return true;
    }
    return false;
  }
  // A copy to change before it is shared. ENOMEM.
  Result<lib::Ref<Credentials>> clone() const;
};

}  // namespace vfs
