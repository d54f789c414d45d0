// Directory entries: names, as a cache in memory.
//
// A Dentry binds a name in a parent to an inode, or to nothing (negative: known not to exist). The table finds it by
// parent and name and holds a reference; entries that nobody else holds wait on a list and go when there are too many.
// A dentry that was unlinked leaves the table and lives as long as somebody uses it.
//
// Parent, name and inode change only under the table's lock; look-ups copy what they need. The names lock of the
// parent's inode orders changes with the file system, so a thread that holds it may read all three.
#pragma once

#include <string_view>

#include "fs/vfs/inode.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/lib/vector.hpp"

namespace vfs {

struct HashTag;
struct AgeTag;

class Dentry : public lib::RefCounted<Dentry>, public lib::TaggedListNode<HashTag>, public lib::TaggedListNode<AgeTag> {
 public:
  static void destroy_last(Dentry* self);
  // A root, or a nameless entry (pipes, sockets): in no table.
  static Result<lib::Ref<Dentry>> make_root(lib::Ref<Inode> inode, std::string_view name = "/");

  // The cached entry, or an empty Ref.
  static lib::Ref<Dentry> find(Dentry& parent, std::string_view name);
  // Enters one; `inode` may be null (negative). If another thread was faster its entry is returned. ENOMEM.
  static Result<lib::Ref<Dentry>> add(Dentry& parent, std::string_view name, lib::Ref<Inode> inode);

  lib::Ref<Inode> inode();
  lib::Ref<Dentry> parent();
  // Copies the name; the length. `buffer` has kNameMax + 1 bytes.
  usize copy_name(char* buffer);
  bool is_root() const { return is_root_; }
  // True once its name was removed.
  bool is_unlinked() const { return is_unlinked_.load(std::memory_order_acquire); }
  bool is_mount_point() const { return mounts_.load(std::memory_order_acquire) != 0; }
  void add_mount(i32 delta) { mounts_.fetch_add(static_cast<u32>(delta)); }

  // With the names lock of the parent's inode held:
  void become(lib::Ref<Inode> inode);  // a negative entry gets its file
  void unlink();                       // the name is gone: leaves the table
  // The name moved: takes over parent and name of `target`, which leaves the table. Both parents are locked.
  void move_over(Dentry& target);
  void exchange_with(Dentry& other);

  // True if `this` is `other` or above it in the tree.
  bool is_above(Dentry& other);

  // Lets go of entries that nobody uses, oldest first, until at most `keep` of the stable ones are left.
  static void shrink(usize keep);
  // Lets go of all entries below this one that nobody else uses: before its mount goes.
  static void drop_unused_below(Dentry& root);
  static usize cached_count();

  explicit Dentry(lib::Ref<Inode> inode) : inode_(std::move(inode)) {}

 private:
  friend struct DentryTable;
  lib::Ref<Dentry> parent_;
  lib::String name_;
  lib::Ref<Inode> inode_;
  u64 hash_ = 0;
  bool in_table_ = false;
  bool is_stable_ = true;  // Inode::names_are_stable() of the parent
  bool is_root_ = false;
  std::atomic<bool> is_unlinked_ = false;
  std::atomic<u32> mounts_ = 0;
};

}  // namespace vfs
