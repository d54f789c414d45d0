// Users and groups. A change makes new credentials; the rules are those of credentials(7).

#include "gen/syscall_decl.hpp"
#include "kernel/proc/process.hpp"
#include "kernel/proc/table.hpp"

namespace syscall {
namespace {

constexpr u32 kKeep = ~u32{0};

const vfs::Credentials& mine() { return *proc::current_thread().credentials; }

void replace(lib::Ref<vfs::Credentials> fresh) {
  lib::Ref<const vfs::Credentials> old = fresh;
  auto table = proc::lock_table();
  std::swap(proc::current_thread().credentials, old);
}

// Root's powers follow the user IDs (capabilities(7), "Effect of user ID changes on capabilities").
void adjust_powers(const vfs::Credentials& before, vfs::Credentials& after) {
  const bool had_root = before.uid == 0 || before.euid == 0 || before.suid == 0;
  const bool has_root = after.uid == 0 || after.euid == 0 || after.suid == 0;
  if (had_root && !has_root) after.permitted = after.effective = 0;
  if (before.euid == 0 && after.euid != 0) after.effective = 0;
  if (before.euid != 0 && after.euid == 0) after.effective = after.permitted;
}

bool is_mine_uid(const vfs::Credentials& c, u32 uid) { return uid == c.uid || uid == c.euid || uid == c.suid; }
bool is_mine_gid(const vfs::Credentials& c, u32 gid) { return gid == c.gid || gid == c.egid || gid == c.sgid; }

Result<i64> commit_uid(lib::Ref<vfs::Credentials> fresh) {
  fresh->fsuid = fresh->euid;
  adjust_powers(mine(), *fresh);
  replace(std::move(fresh));
  return 0;
}
Result<i64> commit_gid(lib::Ref<vfs::Credentials> fresh) {
  fresh->fsgid = fresh->egid;
  replace(std::move(fresh));
  return 0;
}

}  // namespace

Result<i64> sys_getuid() { return mine().uid; }
Result<i64> sys_geteuid() { return mine().euid; }
Result<i64> sys_getgid() { return mine().gid; }
Result<i64> sys_getegid() { return mine().egid; }

Result<i64> sys_setuid(u32 uid) {
  if (uid == kKeep) return Err(Errno::EINVAL);
  auto fresh = TRY(mine().clone());
  if (mine().has(vfs::Capability::Setuid)) {
    fresh->uid = fresh->suid = uid;
  } else if (uid != fresh->uid && uid != fresh->suid) {
    return Err(Errno::EPERM);
  }
  fresh->euid = uid;
  return commit_uid(std::move(fresh));
}

Result<i64> sys_setgid(u32 gid) {
  if (gid == kKeep) return Err(Errno::EINVAL);
  auto fresh = TRY(mine().clone());
  if (mine().has(vfs::Capability::Setgid)) {
    fresh->gid = fresh->sgid = gid;
  } else if (gid != fresh->gid && gid != fresh->sgid) {
    return Err(Errno::EPERM);
  }
  fresh->egid = gid;
  return commit_gid(std::move(fresh));
}

Result<i64> sys_setresuid(u32 real, u32 effective, u32 saved) {
  auto fresh = TRY(mine().clone());
  for (const u32 wanted : {real, effective, saved}) {
    if (wanted != kKeep && !is_mine_uid(mine(), wanted) && !mine().has(vfs::Capability::Setuid))
      return Err(Errno::EPERM);
  }
  if (real != kKeep) fresh->uid = real;
  if (effective != kKeep) fresh->euid = effective;
  if (saved != kKeep) fresh->suid = saved;
  return commit_uid(std::move(fresh));
}

Result<i64> sys_setresgid(u32 real, u32 effective, u32 saved) {
  auto fresh = TRY(mine().clone());
  for (const u32 wanted : {real, effective, saved}) {
    if (wanted != kKeep && !is_mine_gid(mine(), wanted) && !mine().has(vfs::Capability::Setgid))
      return Err(Errno::EPERM);
  }
  if (real != kKeep) fresh->gid = real;
  if (effective != kKeep) fresh->egid = effective;
  if (saved != kKeep) fresh->sgid = saved;
  return commit_gid(std::move(fresh));
}

Result<i64> sys_setreuid(u32 real, u32 effective) {
  const vfs::Credentials& now = mine();
  auto fresh = TRY(now.clone());
  const bool may = now.has(vfs::Capability::Setuid);
  if (real != kKeep && !may && real != now.uid && real != now.euid) return Err(Errno::EPERM);
  if (effective != kKeep && !may && !is_mine_uid(now, effective)) return Err(Errno::EPERM);
  if (real != kKeep) fresh->uid = real;
  if (effective != kKeep) fresh->euid = effective;
  if (real != kKeep || (effective != kKeep && effective != now.uid)) fresh->suid = fresh->euid;
  return commit_uid(std::move(fresh));
}

Result<i64> sys_setregid(u32 real, u32 effective) {
  const vfs::Credentials& now = mine();
  auto fresh = TRY(now.clone());
  const bool may = now.has(vfs::Capability::Setgid);
  if (real != kKeep && !may && real != now.gid && real != now.egid) return Err(Errno::EPERM);
  if (effective != kKeep && !may && !is_mine_gid(now, effective)) return Err(Errno::EPERM);
  if (real != kKeep) fresh->gid = real;
  if (effective != kKeep) fresh->egid = effective;
  if (real != kKeep || (effective != kKeep && effective != now.gid)) fresh->sgid = fresh->egid;
  return commit_gid(std::move(fresh));
}

Result<i64> sys_getresuid(mm::UserOut<u32> real, mm::UserOut<u32> effective, mm::UserOut<u32> saved) {
  TRY(real.put(mine().uid));
  TRY(effective.put(mine().euid));
  TRY(saved.put(mine().suid));
  return 0;
}

Result<i64> sys_getresgid(mm::UserOut<u32> real, mm::UserOut<u32> effective, mm::UserOut<u32> saved) {
  TRY(real.put(mine().gid));
  TRY(effective.put(mine().egid));
  TRY(saved.put(mine().sgid));
  return 0;
}

// These two answer the old value, also when nothing was changed.
Result<i64> sys_setfsuid(u32 uid) {
  const u32 before = mine().fsuid;
  if (uid != kKeep && (is_mine_uid(mine(), uid) || uid == before || mine().has(vfs::Capability::Setuid))) {
    auto fresh = TRY(mine().clone());
    fresh->fsuid = uid;
    replace(std::move(fresh));
  }
  return before;
}

Result<i64> sys_setfsgid(u32 gid) {
  const u32 before = mine().fsgid;
  if (gid != kKeep && (is_mine_gid(mine(), gid) || gid == before || mine().has(vfs::Capability::Setgid))) {
    auto fresh = TRY(mine().clone());
    fresh->fsgid = gid;
    replace(std::move(fresh));
  }
  return before;
}

Result<i64> sys_getgroups(int size, mm::UserOut<u32> groups) {
  const lib::Ref<const vfs::Credentials> now = proc::current_thread().credentials;
  const int count = static_cast<int>(now->groups.size());
  if (size < 0) return Err(Errno::EINVAL);
  if (size == 0) return count;
  if (size < count) return Err(Errno::EINVAL);
  TRY(groups.put(std::span<const u32>(now->groups)));
  return count;
}

Result<i64> sys_setgroups(int size, mm::UserIn<u32> groups) {
  constexpr int kMost = 65536;  // NGROUPS_MAX
  if (!mine().has(vfs::Capability::Setgid)) return Err(Errno::EPERM);
  if (size < 0 || size > kMost) return Err(Errno::EINVAL);
  auto fresh = TRY(mine().clone());
  TRY(fresh->groups.resize(static_cast<usize>(size)));
  TRY(groups.get(std::span<u32>(fresh->groups)));
  replace(std::move(fresh));
  return 0;
}

}  // namespace syscall
