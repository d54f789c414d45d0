// Who makes the present call: what sockets need of the process above them.
//
// The room of processes implements it (set_caller_source); net/ knows no process.
#pragma once

#include "fs/vfs/credentials.hpp"
#include "fs/vfs/path.hpp"

namespace net {

// struct ucred.
struct Identity {
  i32 pid = 0;
  u32 uid = ~u32{0};
  u32 gid = ~u32{0};
  bool operator==(const Identity&) const = default;
};

struct Caller {
  lib::Ref<const vfs::Credentials> who;
  i32 pid = 0;
  u32 umask = 0;
  // Where paths start.
  vfs::Path (*root)() = nullptr;
  vfs::Path (*current)() = nullptr;

  Identity identity() const { return {pid, who->euid, who->egid}; }
  bool may(vfs::Capability capability) const { return who->has(capability); }
};

using CallerSource = Caller (*)();
void set_caller_source(CallerSource source);
// From a system call only.
Caller current_caller();

}  // namespace net
