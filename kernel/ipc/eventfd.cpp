#include "kernel/ipc/eventfd.hpp"

#include "fs/vfs/anonymous.hpp"

namespace ipc {
namespace {

using namespace vfs::poll_event;

constexpr u64 kLargest = ~u64{0} - 1;

class EventFile final : public vfs::File {
 public:
  EventFile(vfs::Path path, u32 flags, u64 initial, bool semaphore)
      : File(std::move(path), flags), counter_(initial), semaphore_(semaphore) {}

  Result<usize> read(vfs::ReadBuffer& buffer, u64&) override {
    if (buffer.remaining() < sizeof(u64)) return Err(Errno::EINVAL);
    u64 taken = 0;
    for (;;) {
      counter_.with([&](Counter& counter) {
        taken = semaphore_ && counter.value != 0 ? 1 : counter.value;
        counter.value -= taken;
      });
      if (taken != 0) break;
      if (is_nonblocking()) return Err(Errno::EAGAIN);
      TRY(changed_.wait([&] { return value() != 0; }, sync::WaitMode::Interruptible));
    }
    changed_.wake_all(kOut | kWriteNormal);
    return buffer.put(&taken, sizeof(taken)) == sizeof(taken) ? Result<usize>(sizeof(taken)) : Err(Errno::EFAULT);
  }

  Result<usize> write(vfs::WriteBuffer& buffer, u64&) override {
    u64 added = 0;
    if (buffer.remaining() < sizeof(u64)) return Err(Errno::EINVAL);
    if (buffer.take(&added, sizeof(added)) != sizeof(added)) return Err(Errno::EFAULT);
    if (added > kLargest) return Err(Errno::EINVAL);
    for (;;) {
      const bool fits = counter_.with([&](Counter& counter) {
        if (added > kLargest - counter.value) return false;
        counter.value += added;
        return true;
      });
      if (fits) break;
      if (is_nonblocking()) return Err(Errno::EAGAIN);
      TRY(changed_.wait([&] { return added <= kLargest - value(); }, sync::WaitMode::Interruptible));
    }
    changed_.wake_all(kIn | kReadNormal);
    return sizeof(added);
  }

  bool can_wait() const override { return true; }
  u32 poll(vfs::PollTable* table) override {
    if (table != nullptr) table->add(changed_);
    const u64 now = value();
    return (now != 0 ? kIn | kReadNormal : 0) | (now < kLargest ? kOut | kWriteNormal : 0);
  }

 private:
  struct Counter {
    explicit Counter(u64 value) : value(value) {}
    u64 value;
  };
  u64 value() {
    return counter_.with([](Counter& counter) { return counter.value; });
  }

  sync::Locked<Counter, sync::LockClass::EventSource> counter_;
  const bool semaphore_;
  sync::WaitQueue changed_;
};

}  // namespace

Result<lib::Ref<vfs::File>> make_eventfd(u64 initial, bool semaphore, u32 flags) {
  const vfs::Path path = TRY(vfs::anonymous_path("anon_inode:[eventfd]", vfs::FileType::Regular));
  lib::Ref<vfs::File> file =
      TRY(lib::make_ref<EventFile>(path, flags | vfs::open_flag::kReadWrite, initial, semaphore));
  return file;
}

}  // namespace ipc
