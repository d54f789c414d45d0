// Making, removing and renaming names.
//
// Each operation checks and allocates, then changes blocks in memory; what order they reach the disk in is the commit's
// business (commit.cpp). Its rule here: an inode is stored when its name is in place, a name that was removed is held
// until then, and a file whose name is overwritten by a rename is parked: it gets a second name in lost+found, on the
// disk only, until its inode says that it has none.

#include <algorithm>
#include <cstring>

#include "fs/ext2/inode.hpp"

namespace ext2 {
namespace {

using vfs::FileType;

Ext2Inode& own(vfs::Inode& inode) { return static_cast<Ext2Inode&>(inode); }

}  // namespace

// Without room in lost+found a power cut in the wrong moment leaves a file without a name, which e2fsck asks about.
Status Ext2Inode::park(Volume& volume, Ext2Inode& file) {
  if (!file.is_directory() && file.is_on_disk(volume)) TRY(park(volume, file.id(), file.type()));
  return {};
}

// Reads the block of the inode table, and makes room for what come_after() may have to note there: neither it nor
// store() can fail afterwards in the same operation.
Status Ext2Inode::prepare_store(Volume& volume) {
  const auto place = TRY(volume.inode_place(id()));
  return place.block->masked.grow_by_doubling(place.block->masked.size() + 1);
}

Status Ext2Inode::come_after(Volume& volume, const Ext2Inode& directory) {
  const i32 wanted = directory.level(volume) + 1;
  if (level(volume) >= wanted || is_on_disk(volume)) return {};
  set_level(volume, wanted);
  if (wanted == 0) return {};
  const auto place = TRY(volume.inode_place(id()));
  const u32 offset = static_cast<u32>(reinterpret_cast<u8*>(place.inode) - place.block->data);
  for (MaskedInode& masked : place.block->masked) {
    if (masked.offset != offset) continue;
    masked.level = std::max(masked.level, static_cast<u32>(wanted));
    return {};
  }
  return place.block->masked.push({offset, static_cast<u32>(wanted)});
}

void Ext2Inode::names_changed(Volume& volume) {
  touch(static_cast<u8>(Touch::Modify) | static_cast<u8>(Touch::Change));
  static_cast<void>(store(volume));  // its block was there a moment ago; else the dirty list tries again
}

Result<lib::Ref<vfs::Inode>> Ext2Inode::look_up(std::string_view name) {
  lib::Ref<Ext2Inode> found = TRY(ext2().with_volume([&](Volume& volume) -> Result<lib::Ref<Ext2Inode>> {
    const Slot slot = TRY(find_entry(volume, name));
    const u32 number = slot.entry().inode;
    if (number == id() || (number < volume.geometry().first_inode && number != kRootInode)) {
      return volume.corrupted("a name leads where no name may", number);
    }
    return ext2().inode(volume, number);
  }));
  if (!found->is_directory()) return lib::Ref<vfs::Inode>(std::move(found));
  // A directory that knows another parent has a second name: the tree would not be one.
  TRY(ext2().with_volume([&](Volume& volume) -> Status {
    if (TRY(found->parent_of(volume)) != id()) return volume.corrupted("a directory has two names", found->number());
    return {};
  }));
  return lib::Ref<vfs::Inode>(std::move(found));
}

// A new inode without a name. Not stored, not in the table.
Result<lib::Ref<Ext2Inode>> Ext2Inode::make_child(Volume& volume, const vfs::NewNode& node, u32 links) {
  auto child = TRY(lib::make_ref<Ext2Inode>(ext2()));
  child->discarded_ = true;  // until it has its name
  const bool directory = node.type == FileType::Directory;
  const u32 group = volume.geometry().group_of_inode(id());
  const u32 number = TRY(volume.allocate_inode(group, directory));
  const auto place = volume.inode_place(number);
  const Status made = place ? child->make(volume, number, node, links) : Err(place.error());
  if (!made) {
    volume.free_inode(number, directory, false);
    return Err(made.error());
  }
  return child;
}

// Names the child, stores it and enters it in the table. The child's number and blocks are given back on failure.
Result<lib::Ref<vfs::Inode>> Ext2Inode::add_child(Volume& volume, std::string_view name, lib::Ref<Ext2Inode> child) {
  const auto undo = [&](Errno error) {
    static_cast<void>(volume.free_from(child->map_, 0));
    volume.free_inode(child->id(), child->is_directory(), false);
    return Err(error);
  };
  if (const Status room = child->prepare_store(volume); !room) return undo(room.error());
  if (const Status entered = ext2().enter(*child); !entered) return undo(entered.error());
  const auto slot = add_entry(volume, name, child->id(), child->type());
  Status named = slot ? Status() : Err(slot.error());
  if (named) named = child->come_after(volume, *this);
  if (named) named = child->store(volume);
  if (!named) {
    if (slot) static_cast<void>(remove_entry(volume, *slot, false));
    ext2().leave(*child);
    return undo(named.error());
  }
  child->discarded_ = false;
  if (child->is_directory()) add_links(1);
  names_changed(volume);
  return lib::Ref<vfs::Inode>(std::move(child));
}

Result<lib::Ref<vfs::Inode>> Ext2Inode::create(std::string_view name, const vfs::NewNode& node) {
  return ext2().with_volume([&](Volume& volume) -> Result<lib::Ref<vfs::Inode>> {
    TRY(volume.begin_change());
    const bool directory = node.type == FileType::Directory;
    if (directory && links() >= kLinkMax) return Err(Errno::EMLINK);
    auto child = TRY(make_child(volume, node, directory ? 2 : 1));
    if (directory) {
      if (const Status made = child->make_first_block(volume, id()); !made) {
        volume.free_inode(child->id(), true, false);
        return Err(made.error());
      }
    }
    return add_child(volume, name, std::move(child));
  });
}

Result<lib::Ref<vfs::Inode>> Ext2Inode::create_symlink(std::string_view name, std::string_view target, u32 uid,
                                                       u32 gid) {
  vfs::NewNode node;
  node.type = FileType::Symlink;
  node.permissions = 0777;
  node.uid = uid;
  node.gid = gid;
  return ext2().with_volume([&](Volume& volume) -> Result<lib::Ref<vfs::Inode>> {
    TRY(volume.begin_change());
    auto child = TRY(make_child(volume, node, 1));
    if (const Status written = child->write_symlink(volume, target); !written) {
      volume.free_inode(child->id(), false, false);
      return Err(written.error());
    }
    return add_child(volume, name, std::move(child));
  });
}

Result<lib::Ref<vfs::Inode>> Ext2Inode::create_unnamed(const vfs::NewNode& node) {
  return ext2().with_volume([&](Volume& volume) -> Result<lib::Ref<vfs::Inode>> {
    TRY(volume.begin_change());
    auto child = TRY(make_child(volume, node, 0));
    if (const Status entered = ext2().enter(*child); !entered) {
      volume.free_inode(child->id(), false, false);
      return Err(entered.error());
    }
    child->discarded_ = false;
    child->drop_link(volume, 0);
    TRY(child->store(volume));
    return lib::Ref<vfs::Inode>(std::move(child));
  });
}

Status Ext2Inode::link(std::string_view name, vfs::Inode& target) {
  Ext2Inode& file = own(target);
  return ext2().with_volume([&](Volume& volume) -> Status {
    TRY(volume.begin_change());
    if (file.links() >= kLinkMax) return Err(Errno::EMLINK);
    TRY(file.prepare_store(volume));
    TRY(add_entry(volume, name, file.id(), file.type()));
    TRY(file.come_after(volume, *this));
    if (file.links() == 0) volume.count_orphan(-1);
    file.add_links(1);
    file.touch(static_cast<u8>(Touch::Change));
    TRY(file.store(volume));
    names_changed(volume);
    return {};
  });
}

Status Ext2Inode::unlink(std::string_view name, vfs::Inode& target) {
  Ext2Inode& file = own(target);
  return ext2().with_volume([&](Volume& volume) -> Status {
    TRY(volume.begin_change());
    TRY(volume.inode_place(file.id()));
    if (file.links() == 0) return volume.corrupted("a file has more names than links", file.number());
    TRY(remove_entry(volume, TRY(find_entry(volume, name)), file.is_on_disk(volume)));
    file.touch(static_cast<u8>(Touch::Change));
    file.drop_link(volume, file.links() - 1);
    TRY(file.store(volume));
    names_changed(volume);
    return {};
  });
}

Status Ext2Inode::remove_directory(std::string_view name, vfs::Inode& target) {
  Ext2Inode& directory = own(target);
  return ext2().with_volume([&](Volume& volume) -> Status {
    TRY(volume.begin_change());
    TRY(volume.inode_place(directory.id()));
    if (!TRY(directory.is_empty(volume))) return Err(Errno::ENOTEMPTY);
    TRY(remove_entry(volume, TRY(find_entry(volume, name)), directory.is_on_disk(volume)));
    directory.drop_link(volume, 0);
    TRY(directory.store(volume));
    if (links() > 2) add_links(-1);
    names_changed(volume);
    return {};
  });
}

Status Ext2Inode::exchange_names(Volume& volume, const Slot& from, Ext2Inode& source, Ext2Inode& to,
                                 const Slot& to_slot, Ext2Inode& other) {
  TRY(park(volume, source));
  TRY(park(volume, other));
  if (&to != this) {
    if (source.is_directory()) TRY(source.set_parent(volume, to.id()));
    if (other.is_directory()) TRY(other.set_parent(volume, id()));
    if (source.is_directory() != other.is_directory()) {
      add_links(source.is_directory() ? -1 : 1);
      to.add_links(source.is_directory() ? 1 : -1);
    }
  }
  set_entry(volume, from, other.id(), other.type());
  to.set_entry(volume, to_slot, source.id(), source.type());
  other.touch(static_cast<u8>(Touch::Change));
  return {};
}

// Names of directories cannot be held: the disk must not show two. Inside one directory the new name takes the old
// one's place in the same block, if it fits, and so reaches the disk with it.
Status Ext2Inode::move_directory_name(Volume& volume, std::string_view name, Ext2Inode& source, Ext2Inode& to,
                                      std::string_view new_name) {
  const Slot from = TRY(find_entry(volume, name));
  if (&to == this) {
    // (Nothing is held here: the caller has just committed.)
    TRY(remove_entry(volume, from, false));
    if (auto slot = room_in(volume, *from.block, entry_size(new_name.size()))) {
      fill_entry(volume, *slot, new_name, source.id(), source.type());
      return {};
    }
    set_entry(volume, from, source.id(), source.type());
  }
  if (&to != this) TRY(source.find_entry(volume, ".."));
  TRY(to.add_entry(volume, new_name, source.id(), source.type()));
  TRY(remove_entry(volume, TRY(find_entry(volume, name)), false));
  if (&to == this) return {};
  TRY(source.set_parent(volume, to.id()));
  add_links(-1);
  to.add_links(1);
  return {};
}

Status Ext2Inode::rename(std::string_view name, vfs::Inode& moved, vfs::Inode& to_inode, std::string_view new_name,
                         vfs::Inode* replaced, bool exchange) {
  Ext2Inode& source = own(moved);
  Ext2Inode& to = own(to_inode);
  return ext2().with_volume([&](Volume& volume) -> Status {
    TRY(volume.begin_change());
    TRY(source.prepare_store(volume));
    if (replaced != nullptr) TRY(own(*replaced).prepare_store(volume));
    const bool directory = source.is_directory();
    // Names of directories cannot be held, nor can their contents come later: whatever they depend on goes first.
    if (directory || (replaced != nullptr && replaced->is_directory())) TRY(volume.commit());
    if (exchange) {
      const Slot from = TRY(find_entry(volume, name));
      const Slot target = TRY(to.find_entry(volume, new_name));
      TRY(exchange_names(volume, from, source, to, target, own(*replaced)));
    } else if (replaced != nullptr) {
      Ext2Inode& other = own(*replaced);
      if (directory && !TRY(other.is_empty(volume))) return Err(Errno::ENOTEMPTY);
      TRY(volume.inode_place(other.id()));
      if (other.links() == 0) return volume.corrupted("a file has more names than links", other.number());
      TRY(park(volume, other));
      if (directory && &to != this) TRY(source.set_parent(volume, to.id()));
      TRY(remove_entry(volume, TRY(find_entry(volume, name)), !directory));
      to.set_entry(volume, TRY(to.find_entry(volume, new_name)), source.id(), source.type());
      other.touch(static_cast<u8>(Touch::Change));
      other.drop_link(volume, directory ? 0 : other.links() - 1);
      TRY(other.store(volume));
      if (directory) add_links(-1);
    } else if (directory) {
      if (&to != this && to.links() >= kLinkMax) return Err(Errno::EMLINK);
      TRY(move_directory_name(volume, name, source, to, new_name));
    } else {
      TRY(to.add_entry(volume, new_name, source.id(), source.type()));
      TRY(remove_entry(volume, TRY(find_entry(volume, name)), source.is_on_disk(volume)));
    }
    if (!directory) TRY(source.come_after(volume, to));
    if (exchange && !replaced->is_directory()) TRY(own(*replaced).come_after(volume, *this));
    source.touch(static_cast<u8>(Touch::Change));
    TRY(source.store(volume));
    names_changed(volume);
    if (&to != this) to.names_changed(volume);
    return {};
  });
}

}  // namespace ext2
