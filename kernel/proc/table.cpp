#include "kernel/proc/table.hpp"

namespace proc {
namespace {

TableLock g_table;

}  // namespace

TableLock::Guard lock_table() { return g_table.lock(); }

PidEntry* Table::find(i32 pid) {
  for (PidEntry& entry : buckets[static_cast<u32>(pid) % kBuckets]) {
    if (entry.pid == pid) return &entry;
  }
  return nullptr;
}

Thread* Table::thread(i32 tid) {
  PidEntry* entry = find(tid);
  return entry == nullptr ? nullptr : entry->thread;
}

Process* Table::process(i32 pid) {
  PidEntry* entry = find(pid);
  return entry == nullptr ? nullptr : entry->process;
}

Group* Table::group(i32 id) {
  PidEntry* entry = find(id);
  return entry == nullptr ? nullptr : entry->group;
}

Session* Table::session(i32 id) {
  PidEntry* entry = find(id);
  return entry == nullptr ? nullptr : entry->session;
}

Result<i32> Table::allocate(PidEntry& fresh) {
  constexpr i32 kReserved = 300;  // as Linux: after a wrap the low numbers stay with the daemons
  i32 candidate = last_pid;
  for (i32 tries = 0; tries < pid_max; ++tries) {
    if (++candidate >= pid_max) candidate = kReserved;
    if (find(candidate) != nullptr) continue;
    last_pid = candidate;
    fresh.pid = candidate;
    buckets[static_cast<u32>(candidate) % kBuckets].push_front(fresh);
    return candidate;
  }
  return Err(Errno::EAGAIN);
}

PidEntry* Table::retire(i32 pid) {
  PidEntry* entry = find(pid);
  if (entry == nullptr || !entry->unused()) return nullptr;
  auto& bucket = buckets[static_cast<u32>(pid) % kBuckets];
  bucket.erase(bucket.iterator_to(*entry));
  return entry;
}

lib::Ref<Process> find_process(i32 pid) {
  auto table = lock_table();
  return lib::Ref<Process>(table->process(pid));
}

}  // namespace proc
