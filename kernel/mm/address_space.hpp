// The memory of a program.
//
// An AddressSpace is shared by the threads (and vfork children) that use it: `users` counts them, and when the last
// goes the mappings are taken down. References outlive that: a CPU that went idle keeps the root of the program that
// ran there last, so the root itself is freed with the last reference.
//
// One sleeping lock guards the mappings and all user page-table entries. It is held while a fault reads a page in;
// objects must not need it for that. Anonymous pages live in page-table entries alone: after fork both sides hold the
// frame read-only with PageFlags::Cow, and whoever writes first copies it, unless its reference is the only one.
#pragma once

#include "hal/user_root.hpp"
#include "kernel/lib/ref.hpp"
#include "kernel/mm/mapping.hpp"
#include "kernel/mm/user_tables.hpp"
#include "kernel/sync/locked.hpp"

namespace mm {

struct Access {
  bool write = false;
  bool execute = false;
};

// How a fault ended: resolved, or the signal that the program gets.
struct FaultResult {
  int signal = 0;  // 0: try again
  int code = 0;    // si_code
  static FaultResult resolved() { return {}; }
  static FaultResult unmapped() { return {11, 1}; }      // SIGSEGV, SEGV_MAPERR
  static FaultResult forbidden() { return {11, 2}; }     // SIGSEGV, SEGV_ACCERR
  static FaultResult no_page() { return {7, 2}; }        // SIGBUS, BUS_ADRERR
  static FaultResult out_of_memory() { return {9, 0}; }  // the out-of-memory killer's SIGKILL
};

struct MapRequest : MappingContent {
  VirtAddr address = 0;     // hint, or exact with `fixed`
  u64 size = 0;             // bytes, rounded up to pages by the caller
  bool fixed = false;       // exactly there, replacing what is there
  bool no_replace = false;  // with fixed: EEXIST instead
};

struct MemoryUse {
  u64 mapped_pages = 0;
  u64 anonymous_pages = 0;  // resident
  u64 object_pages = 0;     // resident
  u64 stack_pages = 0;      // mapped
  u64 data_pages = 0;       // mapped, private and writable
  u64 text_pages = 0;       // mapped, executable
};

// Where the parts of the program are, for the loader, brk and /proc.
struct ProgramLayout {
  VirtAddr code_start = 0, code_end = 0, data_start = 0, data_end = 0;
  VirtAddr break_start = 0, break_end = 0;
  VirtAddr stack_start = 0;
  VirtAddr arguments_start = 0, arguments_end = 0, environment_start = 0, environment_end = 0;
};

class AddressSpace : public lib::RefCounted<AddressSpace> {
 public:
  // Empty, with one user. ENOMEM.
  static Result<lib::Ref<AddressSpace>> create();
  static void destroy_last(AddressSpace* self);
  // A copy of the calling program's memory. ENOMEM. May sleep.
  Result<lib::Ref<AddressSpace>> fork();

  void add_user() { users_.fetch_add(1, std::memory_order_relaxed); }
  // The last user's leaving unmaps everything. May sleep.
  void remove_user();

  // All may sleep. Addresses and sizes are whole pages; ranges lie in the user half.
  Result<VirtAddr> map(MapRequest request);
  Status unmap(VirtAddr start, u64 size);
  // ENOMEM where a part of the range is not mapped, EACCES for write on a mapping that may not.
  Status protect(VirtAddr start, u64 size, Protection protection);
  // mremap. EFAULT when the old range is not one mapping, ENOMEM, EINVAL.
  struct Remap {
    VirtAddr old_start = 0;
    u64 old_size = 0;
    u64 new_size = 0;
    bool may_move = false;
    bool fixed = false;
    VirtAddr new_start = 0;
  };
  Result<VirtAddr> remap(const Remap& request);
  // Drops the private pages of a range (MADV_DONTNEED): anonymous memory reads as zeros again.
  Status discard(VirtAddr start, u64 size);
  // Sets the program break; returns the new one, or the old one where it cannot be moved there.
  VirtAddr set_break(VirtAddr wanted, u64 data_limit);
  // Reads pages in so that later accesses do not fault (MAP_POPULATE, mlock). Errors are ignored.
  void populate(VirtAddr start, u64 size);
  // Sets a flag of all mappings in the range. ENOMEM where not mapped.
  Status advise(VirtAddr start, u64 size, bool MappingFlags::* flag, bool value);
  // Where later pages of the range come from (mbind). EFAULT where not mapped, but for the default policy. Pages that
  // are elsewhere: see Misplaced.
  struct Misplaced {
    bool move = false;    // those that belong to this program alone are moved
    bool refuse = false;  // EIO if any stays where it should not be; without `move` nothing is changed then
  };
  Status set_policy(VirtAddr start, u64 size, const lib::MemoryPolicy& policy, Misplaced misplaced);
  // EFAULT where not mapped.
  Result<lib::MemoryPolicy> policy_at(VirtAddr address);
  // The node of a page. ENOENT: there is none, EFAULT: not mapped, or the page of zeros.
  Result<u32> node_at(VirtAddr address);
  // The node of what a read finds there, which may be the page of zeros; brings it in. EFAULT.
  Result<u32> node_read_at(VirtAddr address);
  // Moves one page to `node`. EBUSY: others use it, too; ENOMEM; and as node_at().
  Status move_page(VirtAddr address, u32 node);
  // Moves the program's own pages on the nodes `from`, the n-th of which to the n-th of `to`. Returns how many had to
  // stay.
  u64 migrate(lib::NodeSet from, lib::NodeSet to);
  // Makes shared pages of files durable (msync). ENOMEM where not mapped; with `wait`, errors of writing.
  Status sync(VirtAddr start, u64 size, bool wait);
  // One byte for each page: 1 if it is resident (mincore). ENOMEM where not mapped.
  Status residency(VirtAddr start, u64 size, u8* out);

  // Writes into mapped, writable memory of a program that does not run yet; `data` null: zeros. EFAULT, ENOMEM.
  Status write_initial(VirtAddr address, const void* data, u64 size);

  // Reads mapped memory of a program from outside it. EFAULT where it is not readable.
  Status read_foreign(VirtAddr address, void* to, u64 size);

  FaultResult fault(VirtAddr address, Access access, u64 stack_limit);

  // The object and page behind an address of a shared mapping, for futexes that processes share. Null object: private.
  Result<lib::Ref<VmObject>> object_at(VirtAddr address, u64* page);

  // Takes the pages [first, first + count) of an object out of the page tables (truncation, reclaim). `keep_private`
  // leaves copies that belong to the program alone.
  void unmap_object(VmObject& object, u64 first, u64 count, bool keep_private);
  // Shared mappings of these pages lose the right to write, so that the next store faults (write-back).
  void write_protect_object(VmObject& object, u64 first, u64 count);

  // Calls visit(const Mapping&) for each mapping in order. May sleep; visit must not fault.
  template <class Visit>
  void for_each_mapping(Visit&& visit) {
    state_.with([&](State& state) {
      for (const Mapping& mapping : state.mappings) visit(mapping);
    });
  }
  MemoryUse memory_use();
  ProgramLayout layout() {
    return state_.with([](State& state) { return state.layout; });
  }
  void set_layout(const ProgramLayout& layout) {
    state_.with([&](State& state) { state.layout = layout; });
  }

  hal::UserRoot& root() { return root_; }

  explicit AddressSpace(PhysAddr root);
  ~AddressSpace();

 private:
  struct State {
    MappingTree mappings;
    ProgramLayout layout;
    VirtAddr map_top = 0;  // mmap searches downwards from here
    u64 anonymous_pages = 0;
    u64 object_pages = 0;
  };
  PageTable tables() const { return PageTable(root_.table(), DirectMapAccess{}); }

  // address_space.cpp: mappings
  static Mapping* find(State& state, VirtAddr address);
  static Result<VirtAddr> find_gap(State& state, u64 size, VirtAddr hint);
  static bool is_free(State& state, VirtAddr start, VirtAddr end);
  Status split_at(State& state, VirtAddr address);
  Status remove_range(State& state, VirtAddr start, VirtAddr end);
  void erase(State& state, Mapping& mapping);
  static bool try_merge(State& state, const MapRequest& request, VirtAddr at);
  void clear_entries(State& state, const Mapping& mapping, VirtAddr start, VirtAddr end);
  Result<VirtAddr> map_locked(State& state, MapRequest& request);
  Result<VirtAddr> move_mapping(State& state, Mapping& mapping, const Remap& request);
  void take_down();

  // Calls visit(start, end, mapping) for each stretch of addresses that shows some of these pages.
  template <class Visit>
  static void for_each_view(State& state, VmObject& object, u64 first, u64 count, Visit&& visit);

  // fault.cpp: page-table entries
  FaultResult fault_locked(State& state, VirtAddr address, Access access, u64 stack_limit);
  Mapping* grow_stack(State& state, VirtAddr address, u64 stack_limit);
  FaultResult fault_anonymous(State& state, const Mapping& mapping, VirtAddr page, bool write);
  FaultResult fault_private_object(State& state, const Mapping& mapping, VirtAddr page, bool write);
  FaultResult fault_shared_object(State& state, const Mapping& mapping, VirtAddr page, bool write);
  FaultResult copy_on_write(State& state, const Mapping& mapping, u64* entry, VirtAddr page);
  void map_around(State& state, const Mapping& mapping, VirtAddr page);
  FaultResult map_device(const Mapping& mapping, VirtAddr page, PhysAddr address, hal::PageFlags flags);
  void flush(VirtAddr page);

  // placement.cpp: pages on nodes
  bool is_covered(State& state, VirtAddr start, VirtAddr end);
  Status replace_frame(const Mapping& mapping, u64& entry, VirtAddr address, const lib::MemoryPolicy& policy);
  template <class Visit>
  void for_each_placed_page(State& state, VirtAddr start, VirtAddr end, Visit&& visit);
  Result<PageFrame*> frame_at(State& state, VirtAddr address);
  Result<u32> node_locked(State& state, VirtAddr address);

  // fork.cpp
  Status copy_to(AddressSpace& child, State& state);
  Status copy_mappings(State& from, State& to);
  Status share_pages(AddressSpace& child, FrameGather& gather, const Mapping& mapping);

  hal::UserRoot root_;
  std::atomic<u32> users_ = 1;
  sync::Locked<State, sync::LockClass::AddressSpace> state_;
};

// The page flags for a mapping's entries; write is added by the fault that is allowed to.
hal::PageFlags read_flags(const Mapping& mapping);

}  // namespace mm
