#include "kernel/ipc/epoll_set.hpp"

#include "fs/vfs/anonymous.hpp"

namespace ipc {
namespace {

using namespace epoll_flag;
using namespace vfs::poll_event;

constexpr u32 kFlags = kExclusive | kWakeUp | kOneShot | kEdge;
constexpr u32 kExclusiveAllows = kIn | kOut | kError | kHangup | kFlags;

// Hangs an entry into the queues of its file, once.
class Hooker final : public vfs::PollTable {
 public:
  explicit Hooker(EpollItem& item) : item_(item) {}
  void add(sync::WaitQueue& queue) override {
    const bool exclusive = (item_.events.load(std::memory_order_relaxed) & kExclusive) != 0;
    auto* hook = lib::try_new<EpollItem::Hook>(item_, queue, exclusive);
    if (hook == nullptr) {
      failed_ = true;
      return;
    }
    hook->next = std::exchange(item_.hooks, hook);
    queue.add(*hook);
  }
  bool failed() const { return failed_; }

 private:
  EpollItem& item_;
  bool failed_ = false;
};

// After this no Notify function of the entry runs.
void unhook(EpollItem& item) {
  while (item.hooks != nullptr) {
    EpollItem::Hook* hook = std::exchange(item.hooks, item.hooks->next);
    hook->queue.remove(*hook);
    lib::destroy(hook);
  }
}

u32 events_of(EpollItem& item) {
  return item.file.poll(nullptr) & item.events.load(std::memory_order_relaxed) & ~kFlags;
}

Result<EpollFile*> set_of(vfs::File& file) {
  EpollFile* set = as_epoll(file);
  if (set == nullptr) return Err(Errno::EINVAL);
  return set;
}

}  // namespace

constinit const vfs::FileKind EpollFile::kKind{};

bool EpollItem::Hook::on_event(sync::Waiter& waiter, u64 events) {
  EpollItem& item = static_cast<Hook&>(waiter).item;
  return item.owner.notify(item, events);
}

bool EpollFile::notify(EpollItem& item, u64 events) {
  const u32 wanted = item.events.load(std::memory_order_relaxed);
  if ((wanted & ~kFlags) == 0 || (events & wanted) == 0) return false;
  ready_.with([&](Ready& ready) {
    if (!item.is_ready_linked()) ready.list.push_back(item);
  });
  waiters_.wake_nested(1, kIn | kReadNormal);
  return true;
}

// From the set's own calls, where no queue's lock is held.
void EpollFile::offer(EpollItem& item) {
  ready_.with([&](Ready& ready) {
    if (!item.is_ready_linked()) ready.list.push_back(item);
  });
  waiters_.wake_one(kIn | kReadNormal);
}

bool EpollFile::has_ready() {
  return ready_.with([](Ready& ready) { return ready.scanning || !ready.list.empty(); });
}

void EpollFile::take_out(Members& members, EpollItem& item) {
  unhook(item);
  ready_.with([&](Ready& ready) {
    if (item.is_ready_linked()) ready.list.erase(ready.list.iterator_to(item));
  });
  item.file.watches.with([&](Watches& watches) { watches.list.erase(watches.list.iterator_to(item)); });
  members.items.erase(members.items.iterator_to(item));
  lib::destroy(&item);
}

EpollFile::~EpollFile() {
  auto tree = g_epoll_tree.lock();
  auto members = members_.lock();
  while (!members->items.empty()) take_out(*members, *members->items.begin());
}

void EpollFile::forget(vfs::File& file) {
  members_.with([&](Members& members) {
    for (auto at = members.items.lower_bound(EpollKey{&file, INT32_MIN}); at != members.items.end();) {
      EpollItem& item = *at++;
      if (&item.file != &file) return;
      take_out(members, item);
    }
  });
}

Status EpollFile::insert(Members& members, EpollItem& item) {
  if (members.items.find(EpollKey{&item.file, item.fd}) != members.items.end()) return Err(Errno::EEXIST);
  members.items.insert(item);
  item.file.watches.with([&](Watches& watches) { watches.list.push_back(item); });
  return {};
}

Status EpollFile::add(vfs::File& file, int fd, u32 events, u64 data) {
  EpollFile* inner = as_epoll(file);
  if (inner == this) return Err(Errno::EINVAL);
  if ((events & kExclusive) != 0 && (inner != nullptr || (events & ~kExclusiveAllows) != 0)) return Err(Errno::EINVAL);
  auto fresh = TRY(lib::make_own<EpollItem>(*this, file, fd));
  fresh->events.store(events | kError | kHangup);
  fresh->data = data;
  if (inner == nullptr) return enter(std::move(fresh));
  return g_epoll_tree.with([&](sync::Nothing&) -> Status {
    TRY(check_epoll_nesting(*this, *inner));
    return enter(std::move(fresh));
  });
}

Status EpollFile::enter(lib::Own<EpollItem> fresh) {
  return members_.with([&](Members& members) -> Status {
    TRY(insert(members, *fresh));
    EpollItem& item = *fresh.release();
    Hooker hooker(item);
    const u32 now = item.file.poll(&hooker) & item.events.load() & ~kFlags;
    if (hooker.failed()) {
      take_out(members, item);
      return Err(Errno::ENOMEM);
    }
    if (now != 0) offer(item);
    return {};
  });
}

Status EpollFile::modify(vfs::File& file, int fd, u32 events, u64 data) {
  if ((events & kExclusive) != 0) return Err(Errno::EINVAL);
  return members_.with([&](Members& members) -> Status {
    auto found = members.items.find(EpollKey{&file, fd});
    if (found == members.items.end()) return Err(Errno::ENOENT);
    if ((found->events.load() & kExclusive) != 0) return Err(Errno::EINVAL);
    // Before the file is asked: whatever changes from here on is told with the new mask.
    found->events.store(events | kError | kHangup);
    found->data = data;
    if (events_of(*found) != 0) offer(*found);
    return {};
  });
}

Status EpollFile::remove(vfs::File& file, int fd) {
  const auto remove_it = [&](Members& members) -> Status {
    auto found = members.items.find(EpollKey{&file, fd});
    if (found == members.items.end()) return Err(Errno::ENOENT);
    take_out(members, *found);
    return {};
  };
  if (as_epoll(file) == nullptr) return members_.with(remove_it);
  return g_epoll_tree.with([&](sync::Nothing&) { return members_.with(remove_it); });
}

u32 EpollFile::poll(vfs::PollTable* table) {
  if (table != nullptr) table->add(waiters_);
  return members_.with_nested([&](Members&) -> u32 {
    for (;;) {
      EpollItem* item = ready_.with([](Ready& ready) { return ready.list.empty() ? nullptr : &ready.list.front(); });
      if (item == nullptr) return 0;
      // Off the list before it is asked, so that an event that comes meanwhile puts it back.
      ready_.with([&](Ready& ready) { ready.list.erase(ready.list.iterator_to(*item)); });
      if (events_of(*item) == 0) continue;
      ready_.with([&](Ready& ready) {
        if (!item->is_ready_linked()) ready.list.push_front(*item);
      });
      return kIn | kReadNormal;
    }
  });
}

Result<usize> EpollFile::collect(EpollSink& sink, usize most) {
  auto members = members_.lock();
  lib::List<EpollItem, EpollReadyTag> taken, again;
  ready_.with([&](Ready& ready) {
    taken.splice(taken.end(), ready.list);
    ready.scanning = true;
  });
  usize done = 0;
  bool faulted = false;
  while (!faulted && done < most && !taken.empty()) {
    EpollItem& item = taken.front();
    ready_.with([&](Ready&) { taken.pop_front(); });
    const u32 events = events_of(item);
    if (events == 0) continue;
    faulted = !sink.put(events, item.data);
    const u32 wanted = item.events.load(std::memory_order_relaxed);
    if (!faulted) ++done;
    if (!faulted && (wanted & kOneShot) != 0) item.events.store(wanted & kFlags, std::memory_order_relaxed);
    // What is level-triggered stays until it is asked and has nothing.
    const bool stays = faulted || (wanted & (kOneShot | kEdge)) == 0;
    ready_.with([&](Ready&) {
      if (stays && !item.is_ready_linked()) again.push_back(item);
    });
  }
  const bool more = ready_.with([&](Ready& ready) {
    ready.list.splice(ready.list.begin(), taken);
    ready.list.splice(ready.list.end(), again);
    ready.scanning = false;
    return !ready.list.empty();
  });
  if (more) waiters_.wake_one(kIn | kReadNormal);
  if (faulted && done == 0) return Err(Errno::EFAULT);
  return done;
}

Result<usize> EpollFile::wait(EpollSink& sink, usize most, u64 deadline_ns) {
  for (;;) {
    const usize done = has_ready() ? TRY(collect(sink, most)) : 0;
    if (done != 0 || sync::deadline_passed(deadline_ns)) return done;
    const Status waited =
        waiters_.wait([&] { return has_ready(); }, sync::WaitMode::Interruptible, deadline_ns, /*exclusive=*/true);
    if (waited) continue;
    if (waited.error() == Errno::ETIMEDOUT) return usize{0};
    return Err(Errno::EINTR);  // never restarted, whatever the handler's flags (signal(7))
  }
}

Result<lib::Ref<vfs::File>> make_epoll() {
  const vfs::Path path = TRY(vfs::anonymous_path("anon_inode:[eventpoll]", vfs::FileType::Regular));
  lib::Ref<vfs::File> file = TRY(lib::make_ref<EpollFile>(path, vfs::open_flag::kReadWrite));
  return file;
}

Status epoll_add(vfs::File& set, vfs::File& file, int fd, u32 events, u64 data) {
  if (!file.can_wait()) return Err(Errno::EPERM);
  return TRY(set_of(set))->add(file, fd, events, data);
}
Status epoll_modify(vfs::File& set, vfs::File& file, int fd, u32 events, u64 data) {
  if (!file.can_wait()) return Err(Errno::EPERM);
  return TRY(set_of(set))->modify(file, fd, events, data);
}
Status epoll_remove(vfs::File& set, vfs::File& file, int fd) {
  if (!file.can_wait()) return Err(Errno::EPERM);
  return TRY(set_of(set))->remove(file, fd);
}
Result<usize> epoll_wait(vfs::File& set, EpollSink& sink, usize most, u64 deadline_ns) {
  return TRY(set_of(set))->wait(sink, most, deadline_ns);
}

}  // namespace ipc
