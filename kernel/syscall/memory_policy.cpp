// Memory policies and the nodes that pages lie on (Linux numa(7)).

#include "gen/syscall_decl.hpp"
#include "kernel/mm/node.hpp"
#include "kernel/mm/policy.hpp"
#include "kernel/proc/memory_of.hpp"

namespace syscall {
namespace {

using lib::MemoryPolicy;
using lib::NodeSet;

// include/uapi/linux/mempolicy.h: MPOL_MF_ of mbind() and move_pages(), MPOL_F_ of get_mempolicy().
constexpr u32 kStrict = 1, kMove = 2, kMoveAll = 4;
constexpr u64 kNode = 1, kAddress = 2, kAvailable = 4;
constexpr u64 kBitsOfWord = 64;

// A set of `count` - 1 bits in words. EINVAL: longer than a page, or with nodes that no machine has.
Result<NodeSet> nodes_argument(VirtAddr address, u64 count) {
  const u64 bits = count - 1;
  if (bits == 0 || address == 0) return NodeSet{0};
  if (bits > kPageSize * 8) return Err(Errno::EINVAL);
  NodeSet nodes = 0;
  for (u64 first = 0; first < bits; first += kBitsOfWord) {
    u64 word = 0;
    TRY(mm::copy_from_user(&word, address + first / 8, sizeof(word)));
    if (bits - first < kBitsOfWord) word &= (u64{1} << (bits - first)) - 1;
    if (first != 0 && word != 0) return Err(Errno::EINVAL);
    if (first == 0) nodes = word;
  }
  return nodes;
}

// The other way; what is beyond the nodes is zero.
Status put_nodes(VirtAddr address, u64 count, NodeSet nodes) {
  const u64 size = align_up(count - 1, kBitsOfWord) / 8;
  if (size > kPageSize) return Err(Errno::EINVAL);
  for (u64 at = 0; at < size; at += sizeof(nodes), nodes = 0)
    TRY(mm::copy_to_user(address + at, &nodes, sizeof(nodes)));
  return {};
}

Status check_move_flags(u32 flags, u32 known) {
  if ((flags & ~known) != 0) return Err(Errno::EINVAL);
  const bool powerful = proc::current_thread().credentials->has(vfs::Capability::SysNice);
  if ((flags & kMoveAll) != 0 && !powerful) return Err(Errno::EPERM);
  return {};
}

mm::AddressSpace& space() { return *proc::current_thread().memory; }

// What move_pages() reports of one page.
i32 moved_to(mm::AddressSpace& memory, VirtAddr page, u32 node, bool all) {
  const Status moved = memory.move_page(page, node);
  if (moved) return static_cast<i32>(node);
  // Without the right to move what others use, too, it is that which is missing.
  if (moved.error() == Errno::EBUSY && !all) return -static_cast<i32>(Errno::EACCES);
  return -static_cast<i32>(moved.error());
}

Result<u32> known_node(i32 number) {
  if (number < 0 || static_cast<u32>(number) >= lib::NumaTopology::kMaxNodes) return Err(Errno::ENODEV);
  if (!lib::contains(mm::nodes_with_memory(), static_cast<u32>(number))) return Err(Errno::ENODEV);
  return static_cast<u32>(number);
}

}  // namespace

Result<i64> sys_set_mempolicy(int mode, VirtAddr nodes, u64 count) {
  const NodeSet wanted = TRY(nodes_argument(nodes, count));
  mm::ThreadPolicy& policy = proc::current_thread().memory_policy;
  policy.own = TRY(MemoryPolicy::make(static_cast<u32>(mode), wanted, mm::nodes_with_memory()));
  policy.turn = 0;
  return 0;
}

Result<i64> sys_get_mempolicy(mm::UserOut<i32> mode, VirtAddr nodes, u64 count, VirtAddr address, u64 flags) {
  if ((flags & ~(kNode | kAddress | kAvailable)) != 0) return Err(Errno::EINVAL);
  if (nodes != 0 && count < mm::node_count()) return Err(Errno::EINVAL);
  mm::ThreadPolicy& thread = proc::current_thread().memory_policy;
  if ((flags & kAvailable) != 0) {
    if (flags != kAvailable) return Err(Errno::EINVAL);
    if (mode) TRY(mode.put(0));
    if (nodes != 0) TRY(put_nodes(nodes, count, mm::nodes_with_memory()));
    return 0;
  }
  if ((flags & kAddress) == 0 && address != 0) return Err(Errno::EINVAL);
  const MemoryPolicy policy = (flags & kAddress) != 0 ? TRY(space().policy_at(address)) : thread.own;
  i32 shown = static_cast<i32>(policy.mode_and_flags());
  if ((flags & kNode) != 0) {
    if ((flags & kAddress) != 0) {
      shown = static_cast<i32>(TRY(space().node_read_at(address)));
    } else {
      if (policy.mode() != MemoryPolicy::Mode::Interleave) return Err(Errno::EINVAL);
      shown = static_cast<i32>(policy.home(0, thread.turn));
    }
  }
  if (mode) TRY(mode.put(shown));
  if (nodes != 0) TRY(put_nodes(nodes, count, policy.shown_nodes()));
  return 0;
}

Result<i64> sys_mbind(VirtAddr address, usize size, u32 mode, VirtAddr nodes, u64 count, u32 flags) {
  TRY(check_move_flags(flags, kStrict | kMove | kMoveAll));
  const NodeSet wanted = TRY(nodes_argument(nodes, count));
  if ((address & kPageMask) != 0) return Err(Errno::EINVAL);
  const usize rounded = align_up(size, kPageSize);
  if (rounded < size || !hal::is_user_range(address, rounded)) return Err(Errno::EINVAL);
  const MemoryPolicy policy = TRY(MemoryPolicy::make(mode, wanted, mm::nodes_with_memory()));
  if (rounded == 0) return 0;
  mm::AddressSpace::Misplaced misplaced;
  misplaced.move = (flags & (kMove | kMoveAll)) != 0;
  misplaced.refuse = (flags & kStrict) != 0;
  TRY(space().set_policy(address, rounded, policy, misplaced));
  return 0;
}

Result<i64> sys_migrate_pages(int pid, u64 count, VirtAddr from, VirtAddr to) {
  const NodeSet old_nodes = TRY(nodes_argument(from, count));
  const NodeSet new_nodes = TRY(nodes_argument(to, count));
  const auto memory = TRY(proc::memory_of(pid));
  const NodeSet available = mm::nodes_with_memory();
  const bool powerful = proc::current_thread().credentials->has(vfs::Capability::SysNice);
  if ((new_nodes & ~available) != 0 && !powerful) return Err(Errno::EPERM);
  if ((new_nodes & available) == 0) return Err(Errno::EINVAL);
  return static_cast<i64>(memory->migrate(old_nodes, new_nodes & available));
}

Result<i64> sys_move_pages(int pid, u64 count, VirtAddr pages, VirtAddr nodes, VirtAddr status, u32 flags) {
  TRY(check_move_flags(flags, kMove | kMoveAll));
  const auto memory = TRY(proc::memory_of(pid));
  for (u64 i = 0; i < count; ++i) {
    VirtAddr page = 0;
    TRY(mm::copy_from_user(&page, pages + i * sizeof(page), sizeof(page)));
    i32 result = 0;
    if (nodes == 0) {
      const auto node = memory->node_at(page);
      result = node ? static_cast<i32>(*node) : -static_cast<i32>(node.error());
    } else {
      i32 wanted = 0;
      TRY(mm::copy_from_user(&wanted, nodes + i * sizeof(wanted), sizeof(wanted)));
      result = moved_to(*memory, page, TRY(known_node(wanted)), (flags & kMoveAll) != 0);
    }
    TRY(mm::copy_to_user(status + i * sizeof(result), &result, sizeof(result)));
  }
  return 0;
}

}  // namespace syscall
