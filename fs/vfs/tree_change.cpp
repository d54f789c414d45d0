// Making, removing and renaming names.

#include "fs/vfs/tree_change.hpp"

#include "fs/vfs/mount.hpp"
#include "fs/vfs/namei.hpp"

namespace vfs {
namespace {

constexpr Permission kChangeNames = Permission::Write | Permission::Execute;

Status check_may_change(const Path& directory, Inode& inode, const Credentials& who) {
  if (directory.mount().is_read_only()) return Err(Errno::EROFS);
  return check_permission(inode, who, kChangeNames);
}

// Calls make(directory inode, entry) with the names locked and the entry negative.
template <class Make>
Status make_name(const WalkContext& context, const LastName& last, Make&& make) {
  if (last.is_special) return Err(Errno::EEXIST);
  Dentry& directory = last.directory.dentry();
  lib::Ref<Inode> inode = directory.inode();
  return inode->names.with([&](Inode::Names& names) -> Status {
    if (names.is_removed) return Err(Errno::ENOENT);
    lib::Ref<Dentry> entry = TRY(look_up_locked(directory, *inode, last.name));
    if (entry->inode()) return Err(Errno::EEXIST);
    TRY(check_may_create(last.directory, *inode, context.who));
    entry->become(TRY(make(*inode)));
    return {};
  });
}

// The entry and inode of an existing last name, with the checks for removing it. Names are locked.
struct Victim {
  lib::Ref<Dentry> entry;
  lib::Ref<Inode> inode;
};
Result<Victim> find_victim(const Path& directory, Inode& inode, std::string_view name, const Credentials& who) {
  Victim victim;
  victim.entry = TRY(look_up_locked(directory.dentry(), inode, name));
  victim.inode = victim.entry->inode();
  if (!victim.inode) return Err(Errno::ENOENT);
  TRY(check_may_change(directory, inode, who));
  TRY(check_sticky(inode, *victim.inode, who));
  if (victim.entry->is_mount_point()) return Err(Errno::EBUSY);
  return victim;
}

sync::Locked<sync::Nothing, sync::LockClass::Rename> g_rename;

// Both ends of a rename, with both directories' names locked.
struct RenamePlan {
  Victim source;
  lib::Ref<Dentry> target;
  lib::Ref<Inode> replaced;  // null: nothing there
};

Status check_replacement(const RenamePlan& plan, const LastName& from, const LastName& to, u32 flags) {
  const bool moves_directory = plan.source.inode->is_directory();
  if (!moves_directory && (from.trailing_slash || to.trailing_slash)) return Err(Errno::ENOTDIR);
  if ((flags & rename_flag::kExchange) != 0) return plan.replaced ? Status() : Err(Errno::ENOENT);
  if (!plan.replaced) return {};
  if ((flags & rename_flag::kNoReplace) != 0) return Err(Errno::EEXIST);
  if (plan.target->is_mount_point()) return Err(Errno::EBUSY);
  if (moves_directory && !plan.replaced->is_directory()) return Err(Errno::ENOTDIR);
  if (!moves_directory && plan.replaced->is_directory()) return Err(Errno::EISDIR);
  return {};
}

// A directory may not move below itself, and may not replace one that contains it.
Status check_no_loop(const RenamePlan& plan, const LastName& from, const LastName& to, u32 flags) {
  if (plan.source.entry->is_above(to.directory.dentry())) return Err(Errno::EINVAL);
  if (plan.replaced && plan.target->is_above(from.directory.dentry())) {
    return Err((flags & rename_flag::kExchange) != 0 ? Errno::EINVAL : Errno::ENOTEMPTY);
  }
  return {};
}

Status rename_locked(const LastName& from, Inode& from_inode, const LastName& to, Inode& to_inode, u32 flags,
                     const Credentials& who) {
  RenamePlan plan;
  plan.source = TRY(find_victim(from.directory, from_inode, from.name, who));
  plan.target = TRY(look_up_locked(to.directory.dentry(), to_inode, to.name));
  plan.replaced = plan.target->inode();
  TRY(check_replacement(plan, from, to, flags));
  TRY(check_no_loop(plan, from, to, flags));
  TRY(check_may_change(to.directory, to_inode, who));
  if (plan.replaced) TRY(check_sticky(to_inode, *plan.replaced, who));
  if (plan.replaced == plan.source.inode) return {};  // two names of one file: POSIX says nothing happens
  const bool exchange = (flags & rename_flag::kExchange) != 0;
  const auto change = [&] {
    return from_inode.rename(from.name, *plan.source.inode, to_inode, to.name, plan.replaced.get(), exchange);
  };
  if (plan.replaced && plan.replaced->is_directory() && !exchange) {
    // Nobody may make a name in a directory that is about to go. The rename lock keeps the order among directories.
    TRY(plan.replaced->names.with_nested([&](Inode::Names& names) -> Status {
      TRY(change());
      names.is_removed = true;
      return {};
    }));
  } else {
    TRY(change());
  }
  if (exchange) {
    plan.source.entry->exchange_with(*plan.target);
  } else {
    plan.source.entry->move_over(*plan.target);
  }
  return {};
}

}  // namespace

Status check_may_create(const Path& directory, Inode& inode, const Credentials& who) {
  return check_may_change(directory, inode, who);
}

NewNode new_node_in(Inode& directory, FileType type, u32 permissions, const Credentials& who) {
  NewNode node;
  node.type = type;
  node.permissions = permissions;
  node.uid = who.fsuid;
  node.gid = who.fsgid;
  const Attributes above = directory.attributes();
  if ((above.permissions & kSetGid) != 0) {
    node.gid = above.gid;
    if (type == FileType::Directory) node.permissions |= kSetGid;
  }
  return node;
}

Status make_node(const WalkContext& context, std::string_view path, const NewNode& wanted, lib::Ref<Inode>* made) {
  const LastName last = TRY(resolve_parent(context, path));
  if (last.trailing_slash) return Err(Errno::ENOENT);
  return make_name(context, last, [&](Inode& directory) -> Result<lib::Ref<Inode>> {
    NewNode node = new_node_in(directory, wanted.type, wanted.permissions, context.who);
    node.device_number = wanted.device_number;
    auto inode = TRY(directory.create(last.name, node));
    if (made != nullptr) *made = inode;
    return inode;
  });
}

Status make_directory(const WalkContext& context, std::string_view path, u32 permissions) {
  const LastName last = TRY(resolve_parent(context, path));
  return make_name(context, last, [&](Inode& directory) {
    return directory.create(last.name, new_node_in(directory, FileType::Directory, permissions, context.who));
  });
}

Status make_symlink(const WalkContext& context, std::string_view target, std::string_view path) {
  if (target.empty()) return Err(Errno::ENOENT);
  const LastName last = TRY(resolve_parent(context, path));
  if (last.trailing_slash) return Err(Errno::ENOENT);
  return make_name(context, last, [&](Inode& directory) {
    const NewNode node = new_node_in(directory, FileType::Symlink, 0777, context.who);
    return directory.create_symlink(last.name, target, node.uid, node.gid);
  });
}

Status make_link(const WalkContext& context, const Path& target, std::string_view path) {
  const LastName last = TRY(resolve_parent(context, path));
  lib::Ref<Inode> inode = target.inode();
  if (&target.mount() != &last.directory.mount()) return Err(Errno::EXDEV);
  if (inode->is_directory()) return Err(Errno::EPERM);
  if (last.trailing_slash) return Err(Errno::ENOENT);
  return make_name(context, last, [&](Inode& directory) -> Result<lib::Ref<Inode>> {
    TRY(directory.link(last.name, *inode));
    return inode;
  });
}

Status remove_name(const WalkContext& context, std::string_view path) {
  const LastName last = TRY(resolve_parent(context, path));
  if (last.is_special) return Err(Errno::EISDIR);
  lib::Ref<Inode> inode = last.directory.inode();
  return inode->names.with([&](Inode::Names&) -> Status {
    const Victim victim = TRY(find_victim(last.directory, *inode, last.name, context.who));
    if (victim.inode->is_directory()) return Err(Errno::EISDIR);
    if (last.trailing_slash) return Err(Errno::ENOTDIR);
    TRY(inode->unlink(last.name, *victim.inode));
    victim.entry->unlink();
    return {};
  });
}

Status remove_directory(const WalkContext& context, std::string_view path) {
  const LastName last = TRY(resolve_parent(context, path));
  if (last.is_special) {
    if (last.name == ".") return Err(Errno::EINVAL);
    return Err(last.name == ".." ? Errno::ENOTEMPTY : Errno::EBUSY);
  }
  // The victim's names are locked inside its parent's: the rename lock keeps others from doing it the other way round.
  auto rename_lock = g_rename.lock();
  lib::Ref<Inode> inode = last.directory.inode();
  auto names = inode->names.lock();
  const Victim victim = TRY(find_victim(last.directory, *inode, last.name, context.who));
  if (!victim.inode->is_directory()) return Err(Errno::ENOTDIR);
  return victim.inode->names.with_nested([&](Inode::Names& victim_names) -> Status {
    TRY(inode->remove_directory(last.name, *victim.inode));
    victim_names.is_removed = true;
    victim.entry->unlink();
    return {};
  });
}

Status rename(const WalkContext& from_context, std::string_view from_path, const WalkContext& to_context,
              std::string_view to_path, u32 flags) {
  const LastName from = TRY(resolve_parent(from_context, from_path));
  const LastName to = TRY(resolve_parent(to_context, to_path));
  if (&from.directory.mount() != &to.directory.mount()) return Err(Errno::EXDEV);
  if (from.is_special || to.is_special) {
    return Err((flags & rename_flag::kNoReplace) != 0 && to.is_special ? Errno::EEXIST : Errno::EBUSY);
  }
  auto rename_lock = g_rename.lock();
  lib::Ref<Inode> from_inode = from.directory.inode();
  lib::Ref<Inode> to_inode = to.directory.inode();
  if (from_inode == to_inode) {
    auto names = from_inode->names.lock();
    if (names->is_removed) return Err(Errno::ENOENT);
    return rename_locked(from, *from_inode, to, *to_inode, flags, from_context.who);
  }
  auto [from_names, to_names] = sync::lock_pair(from_inode->names, to_inode->names);
  if (from_names->is_removed || to_names->is_removed) return Err(Errno::ENOENT);
  return rename_locked(from, *from_inode, to, *to_inode, flags, from_context.who);
}

}  // namespace vfs
