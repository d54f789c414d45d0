// How epoll sets contain each other, and what happens when a watched file goes.

#include "kernel/ipc/epoll_set.hpp"
#include "kernel/lib/subsystem.hpp"

namespace ipc {

sync::Locked<sync::Nothing, sync::LockClass::EpollTree> g_epoll_tree;

namespace {

constexpr u32 kMaxDepth = 5;  // as Linux: four sets below the outermost

// How many sets stand above `file`, itself included.
u32 height_above(vfs::File& file) {
  u32 highest = 0;
  file.watches.with_nested([&](vfs::File::Watches& watches) {
    for (vfs::FileWatch& watch : watches.list) {
      highest = std::max(highest, height_above(static_cast<EpollItem&>(watch).owner));
    }
  });
  return highest + 1;
}

// The sets that watch a file are alive while the tree lock is held: their end needs it too.
void release_watches(vfs::File& file) {
  auto tree = g_epoll_tree.lock();
  for (;;) {
    EpollFile* owner = file.watches.with([](vfs::File::Watches& watches) {
      return watches.list.empty() ? nullptr : &static_cast<EpollItem&>(watches.list.front()).owner;
    });
    if (owner == nullptr) return;
    owner->forget(file);
  }
}

class EpollSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "epoll"; }
  void on_early_init(kernel::Kernel&) override { vfs::File::set_watch_release(release_watches); }
};
REGISTER_SUBSYSTEM(EpollSubsystem);

}  // namespace

u32 EpollFile::depth_below() {
  return members_.with_nested([](Members& members) {
    u32 deepest = 0;
    for (EpollItem& item : members.items) {
      if (EpollFile* inner = as_epoll(item.file)) deepest = std::max(deepest, inner->depth_below());
    }
    return deepest + 1;
  });
}

bool EpollFile::contains(const EpollFile& set) {
  if (this == &set) return true;
  return members_.with_nested([&](Members& members) {
    for (EpollItem& item : members.items) {
      EpollFile* inner = as_epoll(item.file);
      if (inner != nullptr && inner->contains(set)) return true;
    }
    return false;
  });
}

Status check_epoll_nesting(EpollFile& outer, EpollFile& inner) {
  if (inner.contains(outer)) return Err(Errno::ELOOP);
  if (height_above(outer) + inner.depth_below() > kMaxDepth) return Err(Errno::ELOOP);
  return {};
}

}  // namespace ipc
