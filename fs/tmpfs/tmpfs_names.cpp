// Directories of tmpfs.

#include "fs/tmpfs/tmpfs.hpp"

namespace tmpfs {

using vfs::FileType;

TmpfsInode::~TmpfsInode() {
  // Only a directory that goes with its file system still has entries.
  while (!by_position_.empty()) remove_entry(by_position_.front());
  tmpfs().count_inode(-1);
}

bool TmpfsInode::names_are_stable() const { return static_cast<Tmpfs&>(file_system()).names_stable(); }

TmpfsInode::Entry* TmpfsInode::find(std::string_view name) {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &*found;
}

Status TmpfsInode::add_entry(std::string_view name, lib::Ref<TmpfsInode> inode) {
  auto entry = TRY(lib::make_own<Entry>());
  entry->name = TRY(lib::String::copy(name));
  entry->position = next_position_++;
  entry->inode = std::move(inode);
  entries_.insert(*entry);
  by_position_.push_back(*entry.release());
  return {};
}

void TmpfsInode::remove_entry(Entry& entry) {
  entries_.erase(entries_.iterator_to(entry));
  by_position_.erase(by_position_.iterator_to(entry));
  lib::destroy(&entry);
}

Result<lib::Ref<vfs::Inode>> TmpfsInode::look_up(std::string_view name) {
  Entry* entry = find(name);
  if (entry == nullptr) return Err(Errno::ENOENT);
  return lib::Ref<vfs::Inode>(entry->inode);
}

Result<lib::Ref<vfs::Inode>> TmpfsInode::create(std::string_view name, const vfs::NewNode& node) {
  auto inode = TRY(create(tmpfs(), node));
  TRY(add_entry(name, inode));
  if (node.type == FileType::Directory) add_links(1);
  names_changed();
  return lib::Ref<vfs::Inode>(inode);
}

Result<lib::Ref<vfs::Inode>> TmpfsInode::create_symlink(std::string_view name, std::string_view target, u32 uid,
                                                        u32 gid) {
  vfs::NewNode node;
  node.type = FileType::Symlink;
  node.permissions = 0777;
  node.uid = uid;
  node.gid = gid;
  auto inode = TRY(create(tmpfs(), node));
  inode->target_ = TRY(lib::String::copy(target));
  inode->Inode::set_size(target.size());
  TRY(add_entry(name, inode));
  names_changed();
  return lib::Ref<vfs::Inode>(inode);
}

Result<lib::Ref<vfs::Inode>> TmpfsInode::create_unnamed(const vfs::NewNode& node) {
  auto inode = TRY(create(tmpfs(), node));
  inode->set_links(0);
  return lib::Ref<vfs::Inode>(inode);
}

Status TmpfsInode::link(std::string_view name, vfs::Inode& target) {
  auto& inode = static_cast<TmpfsInode&>(target);
  TRY(add_entry(name, lib::Ref<TmpfsInode>(inode)));
  inode.add_links(1);
  inode.touch(static_cast<u8>(Touch::Change));
  names_changed();
  return {};
}

Status TmpfsInode::unlink(std::string_view name, vfs::Inode& target) {
  auto& inode = static_cast<TmpfsInode&>(target);
  inode.add_links(-1);
  inode.touch(static_cast<u8>(Touch::Change));
  remove_entry(*find(name));
  names_changed();
  return {};
}

Status TmpfsInode::remove_directory(std::string_view name, vfs::Inode& target) {
  auto& inode = static_cast<TmpfsInode&>(target);
  if (!inode.entries_.empty()) return Err(Errno::ENOTEMPTY);
  inode.set_links(0);
  add_links(-1);
  remove_entry(*find(name));
  names_changed();
  return {};
}

Status TmpfsInode::rename(std::string_view name, vfs::Inode& source, vfs::Inode& to_inode, std::string_view new_name,
                          vfs::Inode* replaced, bool exchange) {
  auto& moved = static_cast<TmpfsInode&>(source);
  auto& to = static_cast<TmpfsInode&>(to_inode);
  auto* other = static_cast<TmpfsInode*>(replaced);
  Entry* from_entry = find(name);
  Entry* to_entry = to.find(new_name);
  const bool moves_directory = moved.is_directory();
  if (exchange) {
    std::swap(from_entry->inode, to_entry->inode);
    if (&to != this && moves_directory != other->is_directory()) {
      add_links(moves_directory ? -1 : 1);
      to.add_links(moves_directory ? 1 : -1);
    }
  } else {
    if (other != nullptr && other->is_directory() && !other->entries_.empty()) return Err(Errno::ENOTEMPTY);
    if (other == nullptr) {
      TRY(to.add_entry(new_name, lib::Ref<TmpfsInode>(moved)));
    } else {
      to_entry->inode = lib::Ref<TmpfsInode>(moved);
      other->add_links(other->is_directory() ? -2 : -1);
      other->touch(static_cast<u8>(Touch::Change));
    }
    remove_entry(*from_entry);
    if (moves_directory) {
      add_links(-1);
      if (other == nullptr) to.add_links(1);
    }
  }
  moved.touch(static_cast<u8>(Touch::Change));
  names_changed();
  if (&to != this) to.names_changed();
  return {};
}

Status TmpfsInode::list(u64 position, vfs::DirectorySink& sink) {
  if (!is_directory()) return Err(Errno::ENOTDIR);
  for (const Entry& entry : by_position_) {
    if (entry.position < position) continue;
    if (!sink.add(entry.name.view(), entry.inode->number(), entry.inode->type(), entry.position + 1)) break;
  }
  return {};
}

}  // namespace tmpfs
