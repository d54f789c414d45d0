// Inodes: files without names.
//
// A file system derives from Inode (and from FileSystem for the whole). The generic part holds the attributes; a file
// system that keeps them elsewhere too (a disk) writes them out in attributes_changed(). Names in a directory are
// guarded by that directory's `names` lock, which the caller of the operations marked [names] holds; contents by the
// `contents` lock, taken by the generic file code. Attributes have a small spinning lock of their own.
#pragma once

#include <string_view>

#include "fs/vfs/buffer.hpp"
#include "fs/vfs/credentials.hpp"
#include "fs/vfs/types.hpp"
#include "kernel/lib/ref.hpp"
#include "kernel/sync/locked.hpp"

namespace mm {
class VmObject;
}

namespace vfs {

class Dentry;
class File;
class FileSystem;
class Inode;
class Path;

// What a new file is to be.
struct NewNode {
  FileType type = FileType::Regular;
  u32 permissions = 0;
  u32 uid = 0, gid = 0;
  DeviceNumber device_number;
};

// Takes directory entries one by one; false: no room for this one, stop.
class DirectorySink {
 public:
  virtual bool add(std::string_view name, u64 inode, FileType type, u64 next_position) = 0;

 protected:
  ~DirectorySink() = default;
};

class Inode : public lib::RefCounted<Inode> {
 public:
  explicit Inode(FileSystem& file_system) : file_system_(file_system) {}
  virtual ~Inode() = default;
  Inode(const Inode&) = delete;
  Inode& operator=(const Inode&) = delete;
  // The last reference went. A file system with a table of inodes overrides what happens then.
  static void destroy_last(Inode* self) { self->last_reference_gone(); }

  FileSystem& file_system() const { return file_system_; }
  FileType type() const { return type_; }
  bool is_directory() const { return type_ == FileType::Directory; }
  u64 number() const { return number_; }

  // A snapshot. Any context that may take a spinning lock.
  virtual Attributes attributes();
  u64 size() const { return size_.load(std::memory_order_acquire); }

  // --- names: on directories; the defaults answer ENOTDIR, or EPERM where a file system has no such thing ---
  // The file called `name` [names], ENOENT. "." and ".." never come here.
  virtual Result<lib::Ref<Inode>> look_up(std::string_view name);
  virtual Result<lib::Ref<Inode>> create(std::string_view name, const NewNode& node);  // [names]
  virtual Result<lib::Ref<Inode>> create_symlink(std::string_view name, std::string_view target, u32 uid,
                                                 u32 gid);                // [names]
  virtual Status link(std::string_view name, Inode& target);              // [names]
  virtual Status unlink(std::string_view name, Inode& target);            // [names]
  virtual Status remove_directory(std::string_view name, Inode& target);  // [names]; ENOTEMPTY
  // Moves `source` from here to `to`; `replaced` is what is called `new_name` there, or null. With `exchange` the two
  // change places. The names of both directories are locked.
  virtual Status rename(std::string_view name, Inode& source, Inode& to, std::string_view new_name, Inode* replaced,
                        bool exchange);
  // An unnamed file in this directory's file system (O_TMPFILE).
  virtual Result<lib::Ref<Inode>> create_unnamed(const NewNode& node);
  // Entries from `position` on (0: the beginning), without "." and "..". [names] Positions below 2 are not used.
  virtual Status list(u64 position, DirectorySink& sink);
  // True if names may be cached: nobody but this kernel changes them.
  virtual bool names_are_stable() const { return true; }

  // --- contents ---
  // A symlink's target into `buffer`; the bytes, cut if it is small. `current` is who reads (for /proc/self).
  virtual Result<usize> read_link(std::span<char> buffer);
  // Symlinks that lead straight to a file (/proc/PID/fd/N). Null: an ordinary one.
  virtual Result<bool> follow(Path* target);
  // The pages, for regular files; null for those that cannot be mapped or cached.
  virtual mm::VmObject* pages() { return nullptr; }
  // The largest length that truncate() and write(2) may make.
  virtual u64 max_size() const { return INT64_MAX; }
  // The file is about to grow by more than what follows its end: what its last page has behind the end becomes zeros.
  // `contents` is held.
  virtual Status zero_tail() { return {}; }
  // write(2) failed after space behind the end was reserved: gives it back. `contents` is held.
  virtual void give_back_excess() {}
  // Sets the length; pages and mappings beyond it are dropped. `contents` is held.
  virtual Status truncate(u64 size);
  // Makes contents (and attributes unless `data_only`) durable. May sleep.
  virtual Status sync(bool data_only);
  // Reserves space; mode bits of fallocate(2). `contents` is held.
  virtual Status allocate_space(u32 mode, u64 offset, u64 length);

  // What open() makes of it. The default suits regular files and directories; devices and FIFOs override or are found
  // through their number.
  virtual Result<lib::Ref<File>> open(const Path& path, u32 flags, const Credentials& who);

  // --- attributes ---
  struct Change {
    bool set_permissions = false, set_uid = false, set_gid = false, set_access = false, set_modify = false;
    u32 permissions = 0, uid = 0, gid = 0;
    Timestamp access_time = 0, modify_time = 0;
  };
  // Permission was checked. Updates the change time.
  virtual Status change_attributes(const Change& change);
  enum class Touch : u8 { Access = 1, Modify = 2, Change = 4 };
  void touch(u8 what);
  // The contents were read through a mount with these flags (mount_flag): sets the access time if they and the rule of
  // relatime say so.
  void note_access(u32 mount_flags);

  // The directory's names, and the file's contents, as locks. A directory whose `is_removed` is set takes no more
  // names.
  struct Names {
    bool is_removed = false;
  };
  sync::Locked<Names, sync::LockClass::Directory> names;
  sync::Locked<sync::Nothing, sync::LockClass::Inode> contents;

  u32 links() const { return links_.load(std::memory_order_acquire); }
  // write() went past the end. `contents` is held.
  virtual void set_size(u64 size) { size_.store(size, std::memory_order_release); }

 protected:
  virtual void last_reference_gone() { lib::destroy(this); }
  // The generic attributes changed; a disk file system notes that it has to write them.
  virtual void attributes_changed() {}

  // Before the inode is shared.
  void set_identity(u64 number, FileType type) { number_ = number, type_ = type; }
  void set_attributes(const NewNode& node);
  void set_times(Timestamp access, Timestamp modify, Timestamp change);
  void set_links(u32 links) { links_.store(links, std::memory_order_release); }
  void add_links(i32 delta) { links_.fetch_add(static_cast<u32>(delta), std::memory_order_acq_rel); }
  void set_blocks(u64 blocks) { blocks_.store(blocks, std::memory_order_relaxed); }

 private:
  friend class Access;
  struct Owned {
    u32 permissions = 0, uid = 0, gid = 0;
    Timestamp access_time = 0, modify_time = 0, change_time = 0, birth_time = 0;
  };

  FileSystem& file_system_;
  FileType type_ = FileType::Regular;
  DeviceNumber device_number_;
  u64 number_ = 0;
  std::atomic<u32> links_ = 1;
  std::atomic<u64> size_ = 0;
  std::atomic<u64> blocks_ = 0;  // of 512 bytes
  sync::Locked<Owned, sync::LockClass::Credentials> owned_;
};

// One mounted or mountable tree of inodes.
class FileSystem : public lib::RefCounted<FileSystem> {
 public:
  virtual ~FileSystem() = default;
  static void destroy_last(FileSystem* self) { lib::destroy(self); }

  virtual const char* type_name() const = 0;
  virtual Result<lib::Ref<Inode>> root() = 0;
  virtual FileSystemInfo info() = 0;
  // Writes everything out. May sleep.
  virtual Status sync() { return {}; }
  // Before the last mount goes: no file is open any more.
  virtual Status prepare_unmount() { return sync(); }
  // EROFS where it cannot be written; EBUSY where the file system cannot stop.
  virtual Status remount(bool /*read_only*/, std::string_view /*options*/) { return {}; }
  // From time to time: what has been dirty for long, or all where memory is short, is written. May sleep.
  virtual void write_back(bool /*all*/) {}
  // What it wants to be listed with in /proc/mounts besides the generic flags: ",errors=remount-ro", or nothing.
  virtual const char* option_text() const { return ""; }
  // An error made it read-only, whatever its mounts say.
  virtual bool is_read_only() const { return false; }

  u64 device() const { return device_; }

 protected:
  FileSystem();

 private:
  u64 device_;  // an anonymous device number of its own, encoded; disks replace it
 protected:
  void set_device(u64 device) { device_ = device; }
};

// The current time for timestamps. The room above (kernel/time) keeps the wall clock.
Timestamp now();

// Checks `wanted` (Permission bits) for `who`: EACCES.
Status check_permission(Inode& inode, const Credentials& who, Permission wanted);
// The rule for removing and renaming in a sticky directory: EPERM.
Status check_sticky(Inode& directory, Inode& victim, const Credentials& who);
bool owns(Inode& inode, const Credentials& who);

}  // namespace vfs
