#include "kernel/tty/pty.hpp"

#include <algorithm>

#include "kernel/mm/user_memory.hpp"
#include "kernel/tty/terminals.hpp"

namespace tty {
namespace {

using namespace vfs::poll_event;

struct Numbers {
  lib::Vector<Pty*> all;  // by number; null: free
};
sync::Locked<Numbers, sync::LockClass::PtyNumbers> g_numbers;

}  // namespace

Result<lib::Ref<Pty>> Pty::create() {
  return g_numbers.with([](Numbers& numbers) -> Result<lib::Ref<Pty>> {
    u32 number = 0;
    while (number < numbers.all.size() && numbers.all[number] != nullptr) ++number;
    if (number == kMost) return Err(Errno::ENOSPC);
    if (number == numbers.all.size()) TRY(numbers.all.push(nullptr));
    auto fresh = TRY(lib::make_ref<Pty>(number));
    numbers.all[number] = fresh.get();
    add_terminal(*fresh);
    return fresh;
  });
}

Pty::~Pty() {
  remove_terminal(*this);
  g_numbers.with([&](Numbers& numbers) { numbers.all[index()] = nullptr; });
}

lib::Ref<Pty> Pty::find(u32 number) {
  return g_numbers.with([&](Numbers& numbers) -> lib::Ref<Pty> {
    if (number >= numbers.all.size()) return nullptr;
    Pty* found = numbers.all[number];
    if (found == nullptr || !found->try_acquire()) return nullptr;
    return lib::Ref<Pty>::adopt(found);
  });
}

void Pty::list(u32 first, bool (*visit)(void*, u32), void* context) {
  g_numbers.with([&](Numbers& numbers) {
    for (u32 number = first; number < numbers.all.size(); ++number) {
      Pty* pty = numbers.all[number];
      const bool visible = pty != nullptr && pty->master_is_open_.load(std::memory_order_acquire);
      if (visible && !visit(context, number)) return;
    }
  });
}

Status Pty::check_open() const {
  if (!master_is_open_.load(std::memory_order_acquire) || is_locked_.load(std::memory_order_acquire)) {
    return Err(Errno::EIO);
  }
  return {};
}

// --- the terminal's device ---

usize Pty::send(std::string_view text) {
  const usize taken = ring_.with([&](Ring& ring) {
    const usize count = std::min(text.size(), kRing - ring.size);
    for (usize i = 0; i < count; ++i) ring.bytes[(ring.head + ring.size + i) % kRing] = static_cast<u8>(text[i]);
    ring.size += count;
    return count;
  });
  if (taken != 0) master_can_read_.wake_all(kIn | kReadNormal);
  return taken;
}

usize Pty::room() {
  return ring_.with([](Ring& ring) { return ring.size < kForPrograms ? kForPrograms - ring.size : 0; });
}

void Pty::input_taken() { master_can_write_.wake_all(kOut | kWriteNormal); }

void Pty::file_closed() {
  if (slaves_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  slave_was_open_.store(true, std::memory_order_release);
  master_can_read_.wake_all();
  master_can_write_.wake_all();
}

// --- the master ---

Result<usize> Pty::master_read(vfs::ReadBuffer& buffer, bool nonblocking) {
  const auto has_ended = [&] {
    return slave_was_open_.load(std::memory_order_acquire) && slaves_.load(std::memory_order_acquire) == 0;
  };
  const auto has_bytes = [&] { return ring_.with([](Ring& ring) { return ring.size != 0; }); };
  if (buffer.empty()) return usize{0};
  for (;;) {
    char chunk[256];
    usize done = 0;
    for (;;) {
      const usize got = ring_.with([&](Ring& ring) {
        const usize count = std::min({sizeof(chunk), ring.size, buffer.remaining()});
        for (usize i = 0; i < count; ++i) chunk[i] = static_cast<char>(ring.bytes[(ring.head + i) % kRing]);
        ring.head = (ring.head + count) % kRing;
        ring.size -= count;
        return count;
      });
      if (got == 0) break;
      const usize moved = buffer.put(chunk, got);
      done += moved;
      if (moved != got) return Err(Errno::EFAULT);
    }
    if (done != 0) {
      can_write.wake_all(kOut | kWriteNormal);
      return done;
    }
    if (has_ended()) return Err(Errno::EIO);
    if (nonblocking) return Err(Errno::EAGAIN);
    TRY(master_can_read_.wait([&] { return has_bytes() || has_ended(); }, sync::WaitMode::Interruptible));
  }
}

Result<usize> Pty::master_write(vfs::WriteBuffer& buffer, bool nonblocking) {
  u8 chunk[256];
  std::span<const u8> waiting;  // of the chunk
  usize done = 0;
  const auto result = [&](Errno error) { return done != 0 ? Result<usize>(done) : Err(error); };
  while (!waiting.empty() || !buffer.empty()) {
    if (waiting.empty()) waiting = {chunk, buffer.take(chunk, std::min(sizeof(chunk), buffer.remaining()))};
    if (waiting.empty()) return result(Errno::EFAULT);
    const usize taken = receive(waiting);
    waiting = waiting.subspan(taken);
    done += taken;
    if (waiting.empty()) continue;
    if (nonblocking) return result(Errno::EAGAIN);
    const Status waited = master_can_write_.wait([&] { return has_input_room(); }, sync::WaitMode::Interruptible);
    if (!waited) return result(waited.error());
  }
  return done;
}

u32 Pty::master_poll(vfs::PollTable* table) {
  if (table != nullptr) {
    table->add(master_can_read_);
    table->add(master_can_write_);
  }
  u32 events = 0;
  if (ring_.with([](Ring& ring) { return ring.size != 0; })) events |= kIn | kReadNormal;
  if (has_input_room()) events |= kOut | kWriteNormal;
  if (slave_was_open_.load(std::memory_order_acquire) && slaves_.load(std::memory_order_acquire) == 0) {
    events |= kHangup;
  }
  return events;
}

Result<i64> Pty::master_control(u32 request, VirtAddr argument) {
  constexpr u32 kGetNumber = 0x8004'5430, kSetLock = 0x4004'5431, kGetLock = 0x8004'5439, kGetReadable = 0x541b;
  switch (request) {
    case kGetNumber: TRY(mm::UserOut<u32>(argument).put(index())); return 0;
    case kSetLock: is_locked_.store(TRY(mm::UserIn<i32>(argument).get()) != 0, std::memory_order_release); return 0;
    case kGetLock: TRY(mm::UserOut<i32>(argument).put(is_locked_.load() ? 1 : 0)); return 0;
    case kGetReadable: {
      const usize waiting = ring_.with([](Ring& ring) { return ring.size; });
      TRY(mm::UserOut<i32>(argument).put(static_cast<i32>(waiting)));
      return 0;
    }
    default: return control(request, argument);
  }
}

void Pty::master_closed() {
  master_is_open_.store(false, std::memory_order_release);
  hang_up();
}

namespace {

class PtyMaster final : public vfs::File {
 public:
  PtyMaster(vfs::Path path, u32 flags, lib::Ref<Pty> pty) : File(std::move(path), flags), pty_(std::move(pty)) {}
  ~PtyMaster() override { pty_->master_closed(); }
  Result<usize> read(vfs::ReadBuffer& buffer, u64&) override { return pty_->master_read(buffer, is_nonblocking()); }
  Result<usize> write(vfs::WriteBuffer& buffer, u64&) override { return pty_->master_write(buffer, is_nonblocking()); }
  u32 poll(vfs::PollTable* table) override { return pty_->master_poll(table); }
  Result<i64> control(u32 request, VirtAddr argument) override { return pty_->master_control(request, argument); }

 private:
  const lib::Ref<Pty> pty_;
};

}  // namespace

Result<lib::Ref<vfs::File>> open_pty_master(const vfs::Path& path, u32 flags, const Pty::Owner& owner) {
  auto pty = TRY(Pty::create());
  pty->set_owner(owner);
  lib::Ref<vfs::File> file = TRY(lib::make_ref<PtyMaster>(path, flags, pty));
  return file;
}

Result<lib::Ref<vfs::File>> open_pty_slave(u32 number, const vfs::Path& path, u32 flags) {
  lib::Ref<Pty> pty = Pty::find(number);
  if (!pty) return Err(Errno::ENXIO);
  TRY(pty->check_open());
  return open_terminal(std::move(pty), path, flags);
}

}  // namespace tty
