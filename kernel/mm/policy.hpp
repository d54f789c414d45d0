// Pages of programs come from the nodes that a memory policy names: that of the mapping which a fault is about, else
// that of the running thread, else the CPU's own node first.
//
// A ThreadPolicy belongs to its thread, which alone touches it.
#pragma once

#include "kernel/lib/memory_policy.hpp"
#include "kernel/mm/frame.hpp"
#include "kernel/mm/mapping.hpp"

namespace mm {

struct ThreadPolicy {
  lib::MemoryPolicy own;                       // set_mempolicy(2)
  u64 turn = 0;                                // pages that `own` has spread
  const lib::MemoryPolicy* mapping = nullptr;  // has priority, while a fault in it is resolved
  u64 mapping_page = 0;                        // the page's number in that mapping's object
};

// Of the running thread; null: a thread of the kernel, which has none. Implemented by kernel/proc.
ThreadPolicy* running_policy();

// While it lives, pages that the running thread allocates follow the mapping's policy, if it has one.
class MappingPolicyScope {
 public:
  MappingPolicyScope(const Mapping& mapping, VirtAddr page)
      : thread_(mapping.policy.is_default() ? nullptr : running_policy()) {
    if (thread_ == nullptr) return;
    thread_->mapping = &mapping.policy;
    thread_->mapping_page = mapping.page_at(page);
  }
  ~MappingPolicyScope() {
    if (thread_ != nullptr) thread_->mapping = nullptr;
  }
  MappingPolicyScope(const MappingPolicyScope&) = delete;
  MappingPolicyScope& operator=(const MappingPolicyScope&) = delete;

 private:
  ThreadPolicy* const thread_;
};

// A frame for a page of a program or of a file, with one reference. ENOMEM, also when the nodes that the policy insists
// on are full. May sleep.
Result<PageFrame*> allocate_user_frame(FrameKind kind, Allocate flags = Allocate::Plain);
// The same under a given policy.
Result<PageFrame*> allocate_by(const lib::MemoryPolicy& policy, u64 turn, FrameKind kind, Allocate flags);

// The nodes that have memory.
lib::NodeSet nodes_with_memory();

}  // namespace mm
