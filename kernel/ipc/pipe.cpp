#include "kernel/ipc/pipe.hpp"

#include <algorithm>

#include "fs/vfs/anonymous.hpp"
#include "fs/vfs/special.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/frame.hpp"

namespace ipc {
namespace {

using namespace vfs::poll_event;

constexpr usize kCapacity = 64 * KiB;  // as Linux
constexpr usize kPages = kCapacity / kPageSize;
constexpr usize kAtomicWrite = 4096;  // PIPE_BUF

// The ring itself. Pages come when data does and go when the pipe is empty, so that an idle pipe costs one small
// object.
class PipeRing {
 public:
  ~PipeRing() { drop_pages(); }
  usize size() const { return size_; }
  usize room() const { return kCapacity - size_; }

  usize put(vfs::WriteBuffer& from, usize limit) {
    usize done = 0;
    while (done < limit && room() != 0) {
      const usize tail = (head_ + size_) % kCapacity;
      u8* page = page_for(tail / kPageSize);
      if (page == nullptr) break;
      const usize offset = tail % kPageSize;
      const usize piece = std::min({kPageSize - offset, room(), limit - done});
      const usize moved = from.take(page + offset, piece);
      size_ += moved;
      done += moved;
      if (moved != piece) break;
    }
    return done;
  }
  usize take(vfs::ReadBuffer& to) {
    usize done = 0;
    while (size_ != 0 && !to.empty()) {
      const usize offset = head_ % kPageSize;
      const usize piece = std::min({kPageSize - offset, size_, to.remaining()});
      const usize moved = to.put(pages_[head_ / kPageSize] + offset, piece);
      head_ = (head_ + moved) % kCapacity;
      size_ -= moved;
      done += moved;
      if (moved != piece) break;
    }
    if (size_ == 0) {
      head_ = 0;
      keep_first_page();
    }
    return done;
  }

 private:
  u8* page_for(usize index) {
    if (pages_[index] == nullptr) {
      const auto frame = mm::allocate_frame(mm::FrameKind::Kernel);
      if (!frame) return nullptr;
      pages_[index] = static_cast<u8*>(mm::memory_of(*frame));
    }
    return pages_[index];
  }
  static void free_page(u8*& page) {
    if (page != nullptr) mm::release_frame(mm::frame_of(page));
    page = nullptr;
  }
  void keep_first_page() {
    for (usize i = 1; i < kPages; ++i) free_page(pages_[i]);
  }
  void drop_pages() {
    for (u8*& page : pages_) free_page(page);
  }

  u8* pages_[kPages] = {};
  usize head_ = 0;
  usize size_ = 0;
};

// Shared by all ends. A FIFO's lives as long as one end is open.
class Pipe : public lib::RefCounted<Pipe> {
 public:
  struct State {
    PipeRing ring;
    u32 readers = 0;
    u32 writers = 0;
    u64 reader_openings = 0;  // for FIFO opens that wait for the other side
    u64 writer_openings = 0;
  };
  sync::Locked<State, sync::LockClass::Pipe> state;
  sync::WaitQueue can_read;
  sync::WaitQueue can_write;
};

class PipeFile final : public vfs::File {
 public:
  PipeFile(vfs::Path path, u32 flags, lib::Ref<Pipe> pipe) : File(std::move(path), flags), pipe_(std::move(pipe)) {
    pipe_->state.with([&](Pipe::State& state) {
      if (is_readable()) ++state.readers, ++state.reader_openings;
      if (is_writable()) ++state.writers, ++state.writer_openings;
    });
  }
  ~PipeFile() override {
    pipe_->state.with([&](Pipe::State& state) {
      if (is_readable()) --state.readers;
      if (is_writable()) --state.writers;
    });
    pipe_->can_read.wake_all();
    pipe_->can_write.wake_all();
  }

  Result<usize> read(vfs::ReadBuffer& buffer, u64&) override {
    if (buffer.empty()) return usize{0};
    for (;;) {
      usize done = 0;
      bool at_end = false, had_data = false;
      pipe_->state.with([&](Pipe::State& state) {
        had_data = state.ring.size() != 0;
        done = state.ring.take(buffer);
        at_end = state.writers == 0;
      });
      if (done != 0) {
        pipe_->can_write.wake_all(kOut | kWriteNormal);
        return done;
      }
      if (had_data) return Err(Errno::EFAULT);
      if (at_end) return usize{0};
      if (is_nonblocking()) return Err(Errno::EAGAIN);
      TRY(pipe_->can_read.wait([&] { return is_readable_now(); }, sync::WaitMode::Interruptible));
    }
  }

  Result<usize> write(vfs::WriteBuffer& buffer, u64&) override {
    if (buffer.empty()) return usize{0};
    const usize total = buffer.remaining();
    usize done = 0;
    for (;;) {
      bool broken = false, faulted = false;
      usize moved = 0;
      // Up to PIPE_BUF bytes go in one piece or not at all.
      const usize needed = total <= kAtomicWrite ? total : 1;
      pipe_->state.with([&](Pipe::State& state) {
        broken = state.readers == 0;
        if (broken || state.ring.room() < needed) return;
        moved = state.ring.put(buffer, buffer.remaining());
        faulted = moved == 0;
      });
      if (broken) return done != 0 ? Result<usize>(done) : Err(Errno::EPIPE);
      if (moved != 0) pipe_->can_read.wake_all(kIn | kReadNormal);
      done += moved;
      if (buffer.empty()) return done;
      if (faulted) return done != 0 ? Result<usize>(done) : Err(Errno::EFAULT);
      if (is_nonblocking()) return done != 0 ? Result<usize>(done) : Err(Errno::EAGAIN);
      const Status waited = pipe_->can_write.wait([&] { return has_room(needed); }, sync::WaitMode::Interruptible);
      if (!waited) return done != 0 ? Result<usize>(done) : Err(waited.error());
    }
  }

  bool can_wait() const override { return true; }
  u32 poll(vfs::PollTable* table) override {
    if (table != nullptr) {
      if (is_readable()) table->add(pipe_->can_read);
      if (is_writable()) table->add(pipe_->can_write);
    }
    return pipe_->state.with([&](Pipe::State& state) {
      u32 events = 0;
      if (is_readable()) {
        if (state.ring.size() != 0) events |= kIn | kReadNormal;
        if (state.writers == 0 && state.writer_openings != 0) events |= kHangup;
      }
      if (is_writable()) {
        if (state.ring.room() >= kAtomicWrite) events |= kOut | kWriteNormal;
        if (state.readers == 0) events |= kError;
      }
      return events;
    });
  }

  Result<i64> control(u32 request, VirtAddr argument) override {
    constexpr u32 kFionread = 0x541b;
    if (request != kFionread) return Err(Errno::ENOTTY);
    const usize size = pipe_->state.with([](Pipe::State& state) { return state.ring.size(); });
    TRY(mm::UserOut<i32>(argument).put(static_cast<i32>(size)));
    return 0;
  }

 private:
  bool is_readable_now() {
    return pipe_->state.with([](Pipe::State& state) { return state.ring.size() != 0 || state.writers == 0; });
  }
  bool has_room(usize needed) {
    return pipe_->state.with([&](Pipe::State& state) { return state.readers == 0 || state.ring.room() >= needed; });
  }

  const lib::Ref<Pipe> pipe_;
};

// Pipes of FIFOs that are open, by inode. An entry holds no reference; it goes with the last end.
struct OpenFifo {
  vfs::Inode* inode;
  Pipe* pipe;
};
struct Fifos {
  lib::Vector<OpenFifo> open;
};
sync::Locked<Fifos, sync::LockClass::FileSystemTypes> g_fifos;

Result<lib::Ref<Pipe>> pipe_of(vfs::Inode& inode) {
  return g_fifos.with([&](Fifos& fifos) -> Result<lib::Ref<Pipe>> {
    for (usize i = 0; i < fifos.open.size();) {
      OpenFifo& entry = fifos.open[i];
      if (entry.pipe->reference_count() == 1) {
        entry.pipe->release();  // nobody has it open any more
        fifos.open.remove_at(i);
        continue;
      }
      if (entry.inode == &inode) return lib::Ref<Pipe>(entry.pipe);
      ++i;
    }
    auto fresh = TRY(lib::make_ref<Pipe>());
    TRY(fifos.open.push({&inode, fresh.get()}));
    fresh->acquire();
    return fresh;
  });
}

// Opening waits for the other side, unless O_NONBLOCK (fifo(7)).
Result<lib::Ref<vfs::File>> open_fifo(vfs::Inode& inode, const vfs::Path& path, u32 flags) {
  auto pipe = TRY(pipe_of(inode));
  const u32 access = flags & vfs::open_flag::kAccessMask;
  const bool nonblocking = (flags & vfs::open_flag::kNonblock) != 0;
  if (access == vfs::open_flag::kWriteOnly && nonblocking &&
      pipe->state.with([](Pipe::State& state) { return state.readers == 0; })) {
    return Err(Errno::ENXIO);
  }
  // A partner that is there now has been met, even if it is gone before we look again; one that comes later is counted.
  const bool reads = access == vfs::open_flag::kReadOnly;
  u64 openings = 0;
  bool partner_is_here = false;
  pipe->state.with([&](Pipe::State& state) {
    openings = reads ? state.writer_openings : state.reader_openings;
    partner_is_here = (reads ? state.writers : state.readers) != 0;
  });
  lib::Ref<vfs::File> file = TRY(lib::make_ref<PipeFile>(path, flags, pipe));
  pipe->can_read.wake_all();
  pipe->can_write.wake_all();
  if (nonblocking || partner_is_here || access == vfs::open_flag::kReadWrite) return file;
  sync::WaitQueue& queue = reads ? pipe->can_read : pipe->can_write;
  TRY(queue.wait(
      [&] {
        return pipe->state.with(
            [&](Pipe::State& state) { return (reads ? state.writer_openings : state.reader_openings) != openings; });
      },
      sync::WaitMode::Interruptible));
  return file;
}

class PipeSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "pipe"; }
  void on_early_init(kernel::Kernel&) override { vfs::set_fifo_open(open_fifo); }
};
REGISTER_SUBSYSTEM(PipeSubsystem);

}  // namespace

Result<PipeEnds> make_pipe(u32 flags) {
  auto pipe = TRY(lib::make_ref<Pipe>());
  const vfs::Path path = TRY(vfs::anonymous_path("pipe", vfs::FileType::Fifo));
  PipeEnds ends;
  ends.read = TRY(lib::make_ref<PipeFile>(path, flags | vfs::open_flag::kReadOnly, pipe));
  ends.write = TRY(lib::make_ref<PipeFile>(path, flags | vfs::open_flag::kWriteOnly, pipe));
  return ends;
}

}  // namespace ipc
