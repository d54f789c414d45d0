// Processes and their threads, in Linux's model: a process is a group of threads made by clone(CLONE_THREAD).
//
// What is shared is by reference: memory, descriptors, directories, signal actions and credentials belong to threads
// (each may have been cloned with or without), and the process has what POSIX gives to the whole: identity, family,
// limits, process-wide signals, the exit status.
//
// Locks: the family tree, groups, sessions and thread lists belong to the process table's lock
// (LockClass::ProcessTable). Signal state belongs to SignalHandlers' lock. A thread's references are changed by the
// thread itself only; others look at them through the accessors, under the process table's lock.
#pragma once

#include "fs/vfs/path.hpp"
#include "hal/user_abi.hpp"
#include "kernel/mm/address_space.hpp"
#include "kernel/mm/policy.hpp"
#include "kernel/proc/files.hpp"
#include "kernel/proc/signal.hpp"
#include "kernel/sched/thread.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "kernel/time/timer.hpp"

namespace tty {
class Terminal;
}

namespace proc {

class Process;

// RLIMIT_ numbers (include/uapi/asm-generic/resource.h).
namespace limit {
inline constexpr usize kCpu = 0, kFileSize = 1, kData = 2, kStack = 3, kCore = 4, kRss = 5, kProcesses = 6, kFiles = 7,
                       kLockedMemory = 8, kAddressSpace = 9, kLocks = 10, kPendingSignals = 11, kMessageQueue = 12,
                       kNice = 13, kRealtime = 14, kRealtimeTime = 15, kCount = 16;
inline constexpr u64 kInfinity = ~u64{0};
}  // namespace limit
struct Limit {
  u64 soft = limit::kInfinity;
  u64 hard = limit::kInfinity;
};

// Root, working directory and umask (CLONE_FS).
class Directories : public lib::RefCounted<Directories> {
 public:
  vfs::Path root();
  vfs::Path current();
  void set_root(vfs::Path path);
  void set_current(vfs::Path path);
  u32 umask() const { return umask_.load(std::memory_order_relaxed); }
  u32 exchange_umask(u32 mask) { return umask_.exchange(mask & 0777); }
  Result<lib::Ref<Directories>> clone();

 private:
  struct Paths {
    vfs::Path root;
    vfs::Path current;
  };
  sync::Locked<Paths, sync::LockClass::Credentials> paths_;
  std::atomic<u32> umask_ = 022;
};

struct ThreadTag;

// What a call that was interrupted in the middle continues with (ERESTART_RESTARTBLOCK).
struct RestartBlock {
  Result<i64> (*function)(RestartBlock& block) = nullptr;
  u64 values[6] = {};
};

class Thread : public sched::Thread, public lib::TaggedListNode<ThreadTag> {
 public:
  Process* process = nullptr;  // counted
  i32 tid = 0;

  // Only the thread itself replaces these.
  lib::Ref<mm::AddressSpace> memory;
  lib::Ref<FileTable> files;
  lib::Ref<Directories> directories;
  lib::Ref<SignalHandlers> handlers;
  lib::Ref<const vfs::Credentials> credentials;

  // Signals: SignalHandlers' lock, but for what only the thread itself touches.
  SignalSet blocked;
  SignalSet awaited;  // blocked ones that sigtimedwait() waits for: they end its sleep
  SignalQueue signals;
  SignalSet saved_mask;            // to be restored on return (sigsuspend, ppoll); self
  AlternateStack alternate_stack;  // self
  RestartBlock restart_block;      // self
  bool in_syscall = false;         // self: the frame holds a system call's result
  u64 entry_argument0 = 0;

  VirtAddr trampoline = 0;                // self: the signal return code in this program
  VirtAddr clear_child_tid = 0;           // self
  VirtAddr robust_list = 0;               // self
  u32 exit_code = 0;                      // as wait() reports it
  bool is_leaving = false;                // process table: has exited as far as others are concerned
  sync::WaitQueue* vfork_done = nullptr;  // process table: the parent waits here until exec or exit

  u64 minor_faults = 0;
  u64 major_faults = 0;
  mm::ThreadPolicy memory_policy;  // self
};

inline Thread& current_thread() { return static_cast<Thread&>(sched::current()); }
inline Process& current_process() { return *current_thread().process; }

struct GroupTag;
struct SessionTag;
struct SiblingTag;

// A group or session of processes, by number; kept while it has members or a terminal refers to it.
class Group : public lib::RefCounted<Group> {
 public:
  explicit Group(i32 id) : id(id) {}
  const i32 id;
  // Process table.
  lib::List<Process, GroupTag> members;
};
class Session : public lib::RefCounted<Session> {
 public:
  explicit Session(i32 id) : id(id) {}
  const i32 id;
  // Process table.
  lib::List<Process, SessionTag> members;
};

class Process : public lib::RefCounted<Process>,
                public lib::TaggedListNode<GroupTag>,
                public lib::TaggedListNode<SessionTag>,
                public lib::TaggedListNode<SiblingTag> {
 public:
  explicit Process(i32 pid) : pid(pid) {}
  static void destroy_last(Process* self) { lib::destroy(self); }

  const i32 pid;

  // Process table.
  Process* parent = nullptr;
  lib::List<Process, SiblingTag> children;
  lib::List<Thread, ThreadTag> threads;
  u32 thread_count = 0;
  lib::Ref<Group> group;
  lib::Ref<Session> session;
  enum class Phase : u8 { Alive, Zombie, Reaped } phase = Phase::Alive;
  u32 exit_status = 0;      // wait()'s encoding
  bool is_exiting = false;  // exit_group or a fatal signal: no new threads
  bool has_execed = false;
  Thread* exec_thread = nullptr;  // all other threads must go
  bool is_stopped = false;
  u32 stop_signal = 0;
  bool stop_unreported = false, continue_unreported = false;
  i32 death_signal = signal_number::kChild;  // what the parent gets
  bool is_subreaper = false;

  // SignalHandlers' lock.
  SignalQueue signals;

  sync::WaitQueue children_changed;  // wait()
  sync::WaitQueue threads_changed;   // exec, exit: another thread has gone
  sync::WaitQueue continued;         // stopped threads sit here

  Limit limits[limit::kCount];  // process table
  u64 start_time_ns = 0;
  // Of threads that have gone, and of children that were waited for. Process table.
  u64 user_ns = 0, system_ns = 0, children_user_ns = 0, children_system_ns = 0;
  u64 dead_minor_faults = 0;
  i32 parent_death_signal = 0;

  lib::Ref<vfs::File> executable;  // process table
  ktime::Timer* real_timer = nullptr;

  u64 limit_of(usize which) const { return limits[which].soft; }
};

}  // namespace proc
