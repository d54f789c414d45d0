// Entries of directories. Each block of a directory is a chain of entries that fills it exactly.

#include <cstring>

#include "fs/ext2/inode.hpp"

namespace ext2 {
namespace {

using vfs::FileType;

// The type byte of an entry (EXT2_FT_...), where the file system has it.
u8 type_byte(FileType type) {
  switch (type) {
    case FileType::Regular: return 1;
    case FileType::Directory: return 2;
    case FileType::Character: return 3;
    case FileType::Block: return 4;
    case FileType::Fifo: return 5;
    case FileType::Socket: return 6;
    case FileType::Symlink: return 7;
  }
  return 0;
}

FileType type_from_byte(u8 byte) {
  constexpr FileType types[] = {FileType::Regular, FileType::Regular, FileType::Directory, FileType::Character,
                                FileType::Block,   FileType::Fifo,    FileType::Socket,    FileType::Symlink};
  return byte < std::size(types) ? types[byte] : FileType::Regular;
}

std::string_view name_of(const Block& block, u32 offset) {
  const u8* entry = block.data + offset;
  return {reinterpret_cast<const char*>(entry) + kEntryHeader,
          reinterpret_cast<const DirectoryEntry*>(entry)->name_length};
}

bool is_held(const Block& block, u32 offset) {
  for (const HeldName& name : block.held) {
    if (name.offset == offset) return true;
  }
  return false;
}

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

}  // namespace

u32 Ext2Inode::directory_blocks(const Volume& volume) const {
  return static_cast<u32>(size() >> volume.geometry().block_shift);
}

Result<Block*> Ext2Inode::directory_block(Volume& volume, u32 index) {
  const u32 number = TRY(volume.map(map_, index));
  if (number == 0) return volume.corrupted("a directory has a hole", this->number());
  auto block = volume.cache().get(number, Role::Directory);
  if (!block && block.error() == Errno::EUCLEAN)
    return volume.corrupted("a directory's block is somebody else's", number);
  return block;
}

Status Ext2Inode::check_entry(Volume& volume, const Block& block, u32 offset) {
  const u32 block_size = volume.geometry().block_size;
  const auto* entry = reinterpret_cast<const DirectoryEntry*>(block.data + offset);
  const bool good = offset + kEntryHeader <= block_size && entry->record_length >= kEntryHeader &&
                    entry->record_length % 4 == 0 && entry->record_length <= block_size - offset &&
                    (entry->inode == 0 || (entry_size(entry->name_length) <= entry->record_length &&
                                           volume.geometry().is_inode(entry->inode) && entry->name_length != 0));
  if (!good) return volume.corrupted("a directory is damaged", number());
  return {};
}

Result<Ext2Inode::Slot> Ext2Inode::find_entry(Volume& volume, std::string_view name) {
  for (u32 index = 0; index < directory_blocks(volume); ++index) {
    Block* block = TRY(directory_block(volume, index));
    for (u32 offset = 0; offset < volume.geometry().block_size;) {
      TRY(check_entry(volume, *block, offset));
      const Slot slot{block, offset};
      if (slot.entry().inode != 0 && name_of(*block, offset) == name) return slot;
      offset += slot.entry().record_length;
    }
  }
  return Err(Errno::ENOENT);
}

void Ext2Inode::set_entry(Volume& volume, const Slot& slot, u32 inode, FileType type) {
  slot.entry().inode = inode;
  if (volume.geometry().has_file_types) slot.entry().type = type_byte(type);
  volume.mark_dirty(*slot.block);
}

void Ext2Inode::fill_entry(Volume& volume, const Slot& slot, std::string_view name, u32 inode, FileType type) {
  DirectoryEntry& entry = slot.entry();
  entry.name_length = static_cast<u8>(name.size());
  entry.type = 0;
  std::memcpy(slot.block->data + slot.offset + kEntryHeader, name.data(), name.size());
  set_entry(volume, slot, inode, type);
}

// A free slot of at least `needed` bytes in the block, made by joining free neighbours or by splitting what an entry
// does not use. Held names are left alone. ENOSPC.
Result<Ext2Inode::Slot> Ext2Inode::room_in(Volume& volume, Block& block, u32 needed) {
  const u32 block_size = volume.geometry().block_size;
  for (u32 offset = 0; offset < block_size;) {
    TRY(check_entry(volume, block, offset));
    Slot slot{&block, offset};
    if (slot.entry().inode == 0 && is_held(block, offset)) {
      offset += slot.entry().record_length;
      continue;
    }
    for (u32 next = offset + slot.entry().record_length; next < block_size;
         next = offset + slot.entry().record_length) {
      TRY(check_entry(volume, block, next));
      const auto* after = block.as<DirectoryEntry>(next);
      if (after->inode != 0 || is_held(block, next)) break;
      slot.entry().record_length = static_cast<u16>(slot.entry().record_length + after->record_length);
    }
    const u32 used = slot.entry().inode == 0 ? 0 : entry_size(slot.entry().name_length);
    if (slot.entry().record_length - used >= needed) {
      if (used == 0) return slot;
      const Slot rest{&block, offset + used};
      rest.entry() = {0, static_cast<u16>(slot.entry().record_length - used), 0, 0};
      slot.entry().record_length = static_cast<u16>(used);
      return rest;
    }
    offset += slot.entry().record_length;
  }
  return Err(Errno::ENOSPC);
}

Result<Ext2Inode::Slot> Ext2Inode::add_entry(Volume& volume, std::string_view name, u32 inode, FileType type,
                                             bool grow) {
  if ((flags_ & kInodeIndexed) != 0) {
    // We do not keep the index that another system made; it has to go before the first name that it does not know.
    flags_ &= ~kInodeIndexed;
    TRY(store(volume));
    TRY(volume.commit());
  }
  const u32 needed = entry_size(name.size());
  const u32 count = directory_blocks(volume);
  for (u32 index = std::min(room_hint_, count - 1); index < count; ++index) {
    auto slot = room_in(volume, *TRY(directory_block(volume, index)), needed);
    if (!slot && slot.error() != Errno::ENOSPC) return slot;
    if (!slot) continue;
    room_hint_ = index;
    fill_entry(volume, *slot, name, inode, type);
    return slot;
  }
  // The hint may have passed over room in the blocks before.
  for (u32 index = 0; index < std::min(room_hint_, count - 1); ++index) {
    auto slot = room_in(volume, *TRY(directory_block(volume, index)), needed);
    if (!slot && slot.error() != Errno::ENOSPC) return slot;
    if (!slot) continue;
    fill_entry(volume, *slot, name, inode, type);
    return slot;
  }
  if (!grow) return Err(Errno::ENOSPC);
  if (u64{count} << volume.geometry().block_shift >= INT32_MAX) return Err(Errno::ENOSPC);
  const u32 number = TRY(volume.map_or_allocate(map_, count));
  auto fresh = volume.cache().fresh(number, Role::Directory);
  if (!fresh) {
    static_cast<void>(volume.free_from(map_, count));
    return Err(fresh.error());
  }
  const Slot slot{*fresh, 0};
  slot.entry().record_length = static_cast<u16>(volume.geometry().block_size);
  fill_entry(volume, slot, name, inode, type);
  Inode::set_size(size() + volume.geometry().block_size);
  room_hint_ = count;
  TRY(store(volume));
  return slot;
}

Status Ext2Inode::remove_entry(Volume& volume, const Slot& slot, bool hold) {
  if (hold) {
    volume.cache().note_held(*slot.block);
    TRY(slot.block->held.push({slot.offset, slot.entry().inode}));
    slot.entry().inode = 0;
    volume.note_change();
  } else {
    slot.entry().inode = 0;
    volume.mark_dirty(*slot.block);
  }
  room_hint_ = 0;
  return {};
}

Result<bool> Ext2Inode::is_empty(Volume& volume) {
  for (u32 index = 0; index < directory_blocks(volume); ++index) {
    Block* block = TRY(directory_block(volume, index));
    for (u32 offset = 0; offset < volume.geometry().block_size;) {
      TRY(check_entry(volume, *block, offset));
      const Slot slot{block, offset};
      if (slot.entry().inode != 0 && !is_dots(name_of(*block, offset))) return false;
      offset += slot.entry().record_length;
    }
  }
  return true;
}

Status Ext2Inode::make_first_block(Volume& volume, u32 parent) {
  const u32 number = TRY(volume.map_or_allocate(map_, 0));
  auto block = volume.cache().fresh(number, Role::Directory);
  if (!block) {
    volume.unallocate_block(number);
    return Err(block.error());
  }
  const Slot own{*block, 0};
  own.entry().record_length = static_cast<u16>(entry_size(1));
  fill_entry(volume, own, ".", id(), FileType::Directory);
  const Slot above{*block, entry_size(1)};
  above.entry().record_length = static_cast<u16>(volume.geometry().block_size - entry_size(1));
  fill_entry(volume, above, "..", parent, FileType::Directory);
  Inode::set_size(volume.geometry().block_size);
  return {};
}

Result<u32> Ext2Inode::parent_of(Volume& volume) {
  const auto slot = find_entry(volume, "..");
  if (!slot && slot.error() == Errno::ENOENT) return volume.corrupted("a directory has no ..", number());
  if (!slot) return Err(slot.error());
  return slot->entry().inode;
}

Status Ext2Inode::set_parent(Volume& volume, u32 parent) {
  set_entry(volume, TRY(find_entry(volume, "..")), parent, FileType::Directory);
  return {};
}

// Positions are offsets in the directory, plus 2. A block is copied first: the sink writes into the program's memory,
// which may fault, and that is not for under the volume's lock.
Status Ext2Inode::list(u64 position, vfs::DirectorySink& sink) {
  if (!is_directory()) return Err(Errno::ENOTDIR);
  const u32 shift = ext2().block_shift();
  const u32 block_size = u32{1} << shift;
  u64 from = position < 2 ? 0 : position - 2;
  Block copy;
  lib::Vector<u8> bytes;
  TRY(bytes.resize(block_size));
  copy.data = bytes.data();
  for (; from < size(); from = (from | (block_size - 1)) + 1) {
    const u64 base = from & ~u64{block_size - 1};
    TRY(ext2().with_volume([&](Volume& volume) -> Status {
      Block* block = TRY(directory_block(volume, static_cast<u32>(base >> shift)));
      for (u32 offset = 0; offset < block_size; offset += block->as<DirectoryEntry>(offset)->record_length) {
        TRY(check_entry(volume, *block, offset));
      }
      std::memcpy(bytes.data(), block->data, block_size);
      return {};
    }));
    for (u32 offset = 0; offset < block_size;) {
      const DirectoryEntry& entry = *copy.as<DirectoryEntry>(offset);
      const u32 next = offset + entry.record_length;
      // Entries may have been joined since the position was given out: those before it were listed.
      if (entry.inode != 0 && base + offset >= from && !is_dots(name_of(copy, offset))) {
        if (!sink.add(name_of(copy, offset), entry.inode, type_from_byte(entry.type), base + next + 2)) return {};
      }
      offset = next;
    }
  }
  return {};
}

}  // namespace ext2
