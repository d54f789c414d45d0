// The inside of epoll: sets and their entries. Only for the sources beside it; epoll.hpp says how it works.
#pragma once

#include "kernel/ipc/epoll.hpp"
#include "kernel/lib/tree.hpp"

namespace ipc {

class EpollFile;
struct EpollReadyTag;

struct EpollKey {
  const vfs::File* file = nullptr;
  int fd = 0;
  auto operator<=>(const EpollKey&) const = default;
};

struct EpollItem : lib::TreeNode, lib::TaggedListNode<EpollReadyTag>, vfs::FileWatch {
  EpollItem(EpollFile& owner, vfs::File& file, int fd) : owner(owner), file(file), fd(fd) {}

  // Waits in one of the file's queues.
  struct Hook : sync::Waiter {
    Hook(EpollItem& item, sync::WaitQueue& queue, bool exclusive)
        : Waiter(on_event, exclusive), item(item), queue(queue) {}
    static bool on_event(sync::Waiter& waiter, u64 events);
    EpollItem& item;
    sync::WaitQueue& queue;
    Hook* next = nullptr;
  };

  bool is_ready_linked() const { return lib::TaggedListNode<EpollReadyTag>::is_linked(); }

  EpollFile& owner;
  vfs::File& file;
  const int fd;
  std::atomic<u32> events = 0;  // wanted, with the flags; changed under the members lock
  u64 data = 0;                 // members lock
  Hook* hooks = nullptr;        // members lock
};

struct EpollItemKey {
  using type = EpollKey;
  EpollKey operator()(const EpollItem& item) const { return {&item.file, item.fd}; }
};

class EpollFile final : public vfs::File {
 public:
  using File::File;
  ~EpollFile() override;

  static const vfs::FileKind kKind;
  const vfs::FileKind* kind() const override { return &kKind; }
  bool can_wait() const override { return true; }
  u32 poll(vfs::PollTable* table) override;

  Status add(vfs::File& file, int fd, u32 events, u64 data);
  Status modify(vfs::File& file, int fd, u32 events, u64 data);
  Status remove(vfs::File& file, int fd);
  Result<usize> wait(EpollSink& sink, usize most, u64 deadline_ns);

  // The file goes: its entries here go first. Tree lock held.
  void forget(vfs::File& file);
  // How deep sets are nested below this one (1: none). Tree lock held.
  u32 depth_below();
  // True if `set` is this one or below it. Tree lock held.
  bool contains(const EpollFile& set);

  // The file of `item` has `events`; a wait queue's lock is held. True if somebody was woken.
  bool notify(EpollItem& item, u64 events);

 private:
  struct Members {
    lib::Tree<EpollItem, EpollItemKey> items;
  };
  struct Ready {
    lib::List<EpollItem, EpollReadyTag> list;
    bool scanning = false;  // somebody looks at entries that he has taken off the list
  };

  Status enter(lib::Own<EpollItem> fresh);
  Status insert(Members& members, EpollItem& item);
  void take_out(Members& members, EpollItem& item);
  void offer(EpollItem& item);
  Result<usize> collect(EpollSink& sink, usize most);
  bool has_ready();

  sync::Locked<Members, sync::LockClass::Epoll> members_;
  sync::Locked<Ready, sync::LockClass::EpollReady> ready_;
  sync::WaitQueue waiters_;
};

// Edges between sets, and the end of watched files.
extern sync::Locked<sync::Nothing, sync::LockClass::EpollTree> g_epoll_tree;
// ELOOP if `outer` must not contain `inner`. Tree lock held.
Status check_epoll_nesting(EpollFile& outer, EpollFile& inner);

inline EpollFile* as_epoll(vfs::File& file) {
  return file.kind() == &EpollFile::kKind ? static_cast<EpollFile*>(&file) : nullptr;
}

}  // namespace ipc
