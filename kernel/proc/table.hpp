// All processes and threads by number, and the family tree.
//
// One spinning lock. Functions ending in _locked want it held; the guard from lock_table() proves it.
#pragma once

#include "kernel/proc/process.hpp"

namespace proc {

struct PidEntry : lib::ListNode {
  i32 pid = 0;
  Thread* thread = nullptr;
  Process* process = nullptr;
  Group* group = nullptr;
  Session* session = nullptr;
  bool unused() const { return thread == nullptr && process == nullptr && group == nullptr && session == nullptr; }
};

struct Table {
  static constexpr usize kBuckets = 1024;
  lib::List<PidEntry> buckets[kBuckets];
  i32 last_pid = 0;
  i32 pid_max = 32768;  // as Linux on small machines; numbers beyond are never given out
  u32 threads = 0;
  u32 processes = 0;
  u64 forks = 0;

  PidEntry* find(i32 pid);
  Thread* thread(i32 tid);
  Process* process(i32 pid);
  Group* group(i32 id);
  Session* session(i32 id);
  // A number that nobody has, entered with `fresh`. EAGAIN when all are taken.
  Result<i32> allocate(PidEntry& fresh);
  // Forgets an entry that nobody has any more; the caller destroys it. Null if it is in use.
  PidEntry* retire(i32 pid);
};

using TableLock = sync::Locked<Table, sync::LockClass::ProcessTable>;
TableLock::Guard lock_table();

// Calls visit(Process&) for each process that is not reaped; with the lock held.
template <class Visit>
void for_each_process(Table& table, Visit&& visit) {
  for (auto& bucket : table.buckets) {
    for (PidEntry& entry : bucket) {
      if (entry.process != nullptr) visit(*entry.process);
    }
  }
}

// References to look at outside the lock. Empty if there is no such process.
lib::Ref<Process> find_process(i32 pid);

}  // namespace proc
