// Every lock of the kernel, in the order in which they may be taken.
//
// A lock may be taken only while all locks held are of classes further up in this table (two of the same class: only by
// lock_pair(), which orders them by address). A debug build checks each acquisition against the table, so an inversion
// is reported the first time it happens, not the first time it deadlocks. There is no "unordered" class.
//
// The kind is part of the class, and through it of the lock's type:
//   Mutex    sleeps; not in interrupts, not under a spinning lock
//   Spin     spins with preemption off; not in interrupts
//   SpinIrq  spins with interrupts off; in any context
#pragma once

#include "kernel/lib/types.hpp"

namespace sync {

enum class LockKind : u8 { Mutex, Spin, SpinIrq };

// clang-format off
#define SYNC_LOCK_CLASSES(X)                                                          \
  /* sleeping */                                                                      \
  X(Subsystems,        Mutex)    /* registry of subsystems and services */            \
  X(Packages,          Mutex)    /* driver packages: one load or unload at a time */  \
  X(DriverLoader,      Mutex)    /* drivers and what they are bound to */             \
  X(Exec,              Mutex)    /* a process replaces its program */                 \
  X(FilePosition,      Mutex)    /* an open file's offset */                          \
  X(Mounts,            Mutex)    /* the tree of mounts */                             \
  X(FileSystemTypes,   Mutex)                                                         \
  X(Rename,            Mutex)    /* one cross-directory rename in a file system */    \
  X(Directory,         Mutex)    /* an inode's names: create, remove, look up */      \
  X(EpollTree,         Mutex)    /* which epoll sets are in which; files that go */    \
  X(Epoll,             Mutex)    /* an epoll set's members; the outer set first */     \
  X(Inode,             Mutex)    /* a file's size and blocks */                       \
  X(Pipe,              Mutex)    /* a pipe's buffer */                                \
  X(PtyNumbers,        Mutex)    /* pseudo-terminals by number */                     \
  X(TerminalOutput,    Mutex)    /* one writer at a time */                           \
  X(NetDevices,        Mutex)    /* the list of network interfaces */                 \
  X(InetCore,          Mutex)    /* the TCP/IP stack and its sockets */               \
  X(Socket,            Mutex)    /* one end of a Unix, packet or netlink socket */    \
  X(UnixNames,         Mutex)    /* which Unix socket has which name */               \
  X(AddressSpace,      Mutex)    /* mappings of a program */                          \
  X(MappedObject,      Mutex)    /* who maps an object */                             \
  X(FileTable,         Mutex)    /* descriptors of a process */                       \
  X(FileSystem,        Mutex)    /* allocation of blocks and inodes */                \
  X(PageCacheFill,     Mutex)    /* reading pages in */                               \
  X(FileLocks,         Mutex)    /* advisory locks of all files */                    \
  X(KernelMap,         Mutex)    /* free ranges of kernel address space */            \
  X(Devices,           Mutex)    /* the list of devices */                             \
  X(BlockDevice,       Mutex)                                                         \
  X(Log,               Mutex)    /* readers of the log */                             \
  /* spinning, preemption off */                                                      \
  X(DentryTable,       Spin)     /* hash of names */                                  \
  X(Dentry,            Spin)     /* one directory entry's links */                    \
  X(InodeTable,        Spin)                                                          \
  X(OpenFiles,         Spin)     /* a process's descriptor array, for look-ups */     \
  X(SocketOptions,     Spin)     /* SOL_SOCKET options of one socket */               \
  X(PassedFiles,       Spin)     /* descriptors in messages that were dropped */      \
  X(FileWatches,       Spin)     /* the epoll sets that an open file is in */         \
  X(Pages,             Spin)     /* an object's page tree */                          \
  X(PageTable,         Spin)     /* page-table entries of one address space */        \
  X(Reclaim,           Spin)     /* lists of page-cache pages */                      \
  X(Credentials,       Spin)                                                          \
  X(FutexBucket,       Spin)                                                          \
  X(KernelStacks,      Spin)     /* free kernel stacks */                             \
  X(KernelPageTable,   Spin)     /* page-table entries of the kernel's half */        \
  /* spinning, interrupts off */                                                      \
  X(InterruptTable,    SpinIrq)  /* handlers of a line, which run with it held */     \
  X(InterruptLines,    SpinIrq)  /* how many handlers a line has */                   \
  X(ProcessTable,      SpinIrq)  /* pids, parents, groups, sessions */                \
  X(Keyboard,          SpinIrq)  /* modifiers and locks of the keyboards */           \
  X(Terminals,         SpinIrq)  /* the list of terminals */                          \
  X(Terminal,          SpinIrq)  /* a terminal's queues and settings */               \
  X(TerminalRing,      SpinIrq)  /* what a pseudo-terminal's master has yet to read */ \
  X(Signals,           SpinIrq)  /* a process's signal state */                       \
  X(EventSource,       SpinIrq)  /* counters of eventfd, timerfd, signalfd */         \
  X(CallQueue,         SpinIrq)  /* functions to run on another CPU */                \
  X(StorageDriver,     SpinIrq)  /* a disk's requests that its driver has */           \
  X(NetTransmit,       SpinIrq)  /* the way to one network driver */                  \
  X(DeviceQueue,       SpinIrq)  /* a driver's request queue */                       \
  X(NetBuffers,        SpinIrq)  /* an interface's free buffers */                    \
  X(BlockBatch,        SpinIrq)  /* transfers that are waited for together */         \
  X(WaitQueue,         SpinIrq)  /* threads that wait for something */                \
  X(EpollReady,        SpinIrq)  /* an epoll set's ready list */                      \
  X(TimerQueue,        SpinIrq)  /* timers of one CPU */                              \
  X(RunQueue,          SpinIrq)  /* runnable threads of one CPU */                    \
  X(RandomPool,        SpinIrq)  /* the random generator */                           \
  X(Slab,              SpinIrq)  /* one object cache */                               \
  X(Zone,              SpinIrq)  /* free frames */                                    \
  X(Test,              SpinIrq)  /* for the self-tests of this very check */
// clang-format on

enum class LockClass : u8 {
#define SYNC_ENUMERATOR(name, kind) name,
  SYNC_LOCK_CLASSES(SYNC_ENUMERATOR)
#undef SYNC_ENUMERATOR
};

constexpr LockKind kind_of(LockClass lock_class) {
  constexpr LockKind kinds[] = {
#define SYNC_KIND(name, kind) LockKind::kind,
      SYNC_LOCK_CLASSES(SYNC_KIND)
#undef SYNC_KIND
  };
  return kinds[static_cast<usize>(lock_class)];
}

const char* name_of(LockClass lock_class);

}  // namespace sync
