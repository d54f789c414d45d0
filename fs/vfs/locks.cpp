#include "fs/vfs/locks.hpp"

#include <algorithm>

#include "kernel/lib/vector.hpp"

namespace vfs {
namespace {

struct Record {
  const Inode* inode;
  LockFamily family;
  FileLock lock;
};
// Who waits for whom, for the detection of circles among POSIX locks.
struct Wait {
  const void* waiter;
  const void* holder;
};
struct Table {
  lib::Vector<Record> records;
  lib::Vector<Wait> waits;
};
sync::Locked<Table, sync::LockClass::FileLocks> g_table;
std::atomic<u32> g_count = 0;  // of records: most files of most systems have none
sync::WaitQueue g_released;

bool overlap(const FileLock& a, const FileLock& b) { return a.start <= b.end && b.start <= a.end; }

const Record* conflict(const Table& table, const Inode& inode, LockFamily family, const FileLock& wanted) {
  for (const Record& record : table.records) {
    if (record.inode != &inode || record.family != family || record.lock.owner == wanted.owner) continue;
    const bool exclusive = record.lock.type == LockType::Write || wanted.type == LockType::Write;
    if (exclusive && overlap(record.lock, wanted)) return &record;
  }
  return nullptr;
}

// True if `holder` waits, over others, for `waiter`.
bool would_deadlock(const Table& table, const void* waiter, const void* holder) {
  // Each owner waits for at most one other at a time in this record, so the chain is followed without branches.
  for (usize steps = 0; steps <= table.waits.size(); ++steps) {
    if (holder == waiter) return true;
    const void* next = nullptr;
    for (const Wait& wait : table.waits) {
      if (wait.waiter == holder) next = wait.holder;
    }
    if (next == nullptr) return false;
    holder = next;
  }
  return false;
}

void stop_waiting(Table& table, const void* waiter) {
  for (usize i = table.waits.size(); i-- > 0;) {
    if (table.waits[i].waiter == waiter) table.waits.remove_at(i);
  }
}

// The owner's locks on the file as they are with `wanted` in place of what it covers. The new list is complete before
// the old one goes.
Status apply(Table& table, const Inode& inode, LockFamily family, const FileLock& wanted) {
  lib::Vector<Record> fresh;
  FileLock grown = wanted;
  for (const Record& record : table.records) {
    const bool mine = record.inode == &inode && record.family == family && record.lock.owner == wanted.owner;
    const FileLock& old = record.lock;
    if (!mine) {
      TRY(fresh.push(record));
      continue;
    }
    const bool touches = old.start <= (wanted.end == kLockEnd ? kLockEnd : wanted.end + 1) &&
                         wanted.start <= (old.end == kLockEnd ? kLockEnd : old.end + 1);
    if (old.type == wanted.type && touches) {
      grown.start = std::min(grown.start, old.start);
      grown.end = std::max(grown.end, old.end);
      continue;
    }
    if (!overlap(old, wanted)) {
      TRY(fresh.push(record));
      continue;
    }
    if (old.start < wanted.start) {
      Record before = record;
      before.lock.end = wanted.start - 1;
      TRY(fresh.push(before));
    }
    if (old.end > wanted.end) {
      Record after = record;
      after.lock.start = wanted.end + 1;
      TRY(fresh.push(after));
    }
  }
  if (wanted.type != LockType::None) TRY(fresh.push({&inode, family, grown}));
  table.records = std::move(fresh);
  g_count.store(static_cast<u32>(table.records.size()), std::memory_order_release);
  return {};
}

// One attempt: true if it was granted (or failed for good, with `result`), false if somebody is in the way.
bool try_set(const Inode& inode, LockFamily family, const FileLock& wanted, bool wait, Status& result) {
  return g_table.with([&](Table& table) {
    stop_waiting(table, wanted.owner.key);
    if (wanted.type != LockType::None) {
      if (const Record* other = conflict(table, inode, family, wanted)) {
        const bool posix = family == LockFamily::Record && wanted.owner.pid > 0;
        if (wait && posix && would_deadlock(table, wanted.owner.key, other->lock.owner.key)) {
          result = Err(Errno::EDEADLK);
          return true;
        }
        if (wait && posix && !table.waits.push({wanted.owner.key, other->lock.owner.key})) {
          result = Err(Errno::ENOLCK);
          return true;
        }
        return false;
      }
    }
    if (!apply(table, inode, family, wanted)) result = Err(Errno::ENOLCK);
    return true;
  });
}

void remove_matching(const Inode* inode, LockFamily family, bool any_family, const void* owner) {
  if (g_count.load(std::memory_order_acquire) == 0) return;
  const bool removed = g_table.with([&](Table& table) {
    const usize before = table.records.size();
    for (usize i = before; i-- > 0;) {
      const Record& record = table.records[i];
      const bool matches = record.lock.owner.key == owner && (inode == nullptr || record.inode == inode) &&
                           (any_family || record.family == family);
      if (matches) table.records.remove_at(i);
    }
    g_count.store(static_cast<u32>(table.records.size()), std::memory_order_release);
    return table.records.size() != before;
  });
  if (removed) g_released.wake_all();
}

}  // namespace

FileLock find_conflict(const Inode& inode, const FileLock& wanted) {
  return g_table.with([&](Table& table) {
    const Record* other = conflict(table, inode, LockFamily::Record, wanted);
    return other == nullptr ? FileLock{} : other->lock;
  });
}

Status set_lock(const Inode& inode, LockFamily family, const FileLock& wanted, bool wait) {
  Status result;
  if (!try_set(inode, family, wanted, wait, result)) {
    if (!wait) return Err(Errno::EAGAIN);
    const Status waited =
        g_released.wait([&] { return try_set(inode, family, wanted, true, result); }, sync::WaitMode::Interruptible);
    if (!waited) {
      g_table.with([&](Table& table) { stop_waiting(table, wanted.owner.key); });
      return waited;
    }
  }
  // Less may be locked now than before.
  g_released.wake_all();
  return result;
}

void release_locks(const Inode& inode, LockFamily family, const void* owner) {
  remove_matching(&inode, family, false, owner);
}

void release_locks_of_file(const File& file) { remove_matching(nullptr, LockFamily::Whole, true, &file); }

}  // namespace vfs
