// One mapping of a program: a range of addresses with one protection and one source of pages.
#pragma once

#include "kernel/lib/memory_policy.hpp"
#include "kernel/lib/ref.hpp"
#include "kernel/lib/tree.hpp"
#include "kernel/mm/vm_object.hpp"

namespace mm {

// PROT_ bits as the Linux interface numbers them.
enum class Protection : u8 { None = 0, Read = 1, Write = 2, Exec = 4 };
constexpr Protection operator|(Protection a, Protection b) {
  return static_cast<Protection>(static_cast<u8>(a) | static_cast<u8>(b));
}
constexpr bool has(Protection protection, Protection wanted) {
  return (static_cast<u8>(protection) & static_cast<u8>(wanted)) == static_cast<u8>(wanted);
}

// What a mapping keeps alive besides its pages: the open file, for /proc/PID/maps. Implemented by fs.
class MappingName : public lib::RefCounted<MappingName> {
 public:
  virtual ~MappingName() = default;
  // The path, or a name such as "[stack]". Returns the length, at most `capacity`.
  virtual usize text(char* buffer, usize capacity) = 0;
  virtual u64 device() const { return 0; }
  virtual u64 inode() const { return 0; }
};

struct MappingFlags {
  bool shared = false;
  bool grows_down = false;
  bool dont_fork = false;
  bool wipe_on_fork = false;
  bool may_write = true;  // mprotect may add write: false for shared mappings of files opened read-only
};

// What a mapping shows, wherever it is.
struct MappingContent {
  Protection protection = Protection::None;
  MappingFlags flags;
  lib::Ref<VmObject> object;  // null: private zeros
  u64 object_page = 0;        // the object's page at the mapping's start
  lib::Ref<MappingName> name;
  const char* label = nullptr;  // "[heap]", "[stack]": for mappings without a name object
  lib::MemoryPolicy policy;     // Default: the thread's
};

struct Mapping : lib::TreeNode, MappingContent {
  VirtAddr start = 0;
  VirtAddr end = 0;

  MappingContent& content() { return *this; }
  const MappingContent& content() const { return *this; }

  u64 pages() const { return (end - start) >> kPageShift; }
  u64 page_at(VirtAddr address) const { return object_page + ((address - start) >> kPageShift); }
};

struct MappingStart {
  using type = VirtAddr;
  VirtAddr operator()(const Mapping& mapping) const { return mapping.start; }
};
using MappingTree = lib::Tree<Mapping, MappingStart>;

}  // namespace mm
