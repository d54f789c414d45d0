// Waiting for several files: poll and select.

#include "gen/syscall_decl.hpp"
#include "kernel/syscall/path_argument.hpp"
#include "kernel/syscall/signal_mask.hpp"
#include "kernel/syscall/time_argument.hpp"

namespace syscall {
namespace {

using namespace vfs::poll_event;

// Hangs a waiter into each queue that a file names. Any of them wakes the thread.
class Waiters final : public vfs::PollTable {
 public:
  Waiters() = default;
  ~Waiters() { clear(); }
  void add(sync::WaitQueue& queue) override {
    Entry* entry = lib::try_new<Entry>();
    if (entry == nullptr) {
      failed_ = true;
      return;
    }
    entry->queue = &queue;
    queue.add(entry->waiter);
    entry->next = first_;
    first_ = entry;
  }
  bool failed() const { return failed_; }
  void clear() {
    while (first_ != nullptr) {
      Entry* entry = std::exchange(first_, first_->next);
      entry->queue->remove(entry->waiter);
      lib::destroy(entry);
    }
  }

 private:
  struct Entry {
    sync::Waiter waiter;
    sync::WaitQueue* queue = nullptr;
    Entry* next = nullptr;
  };
  Entry* first_ = nullptr;
  bool failed_ = false;
};

struct Watched {
  lib::Ref<vfs::File> file;
  u32 wanted = 0;
  u32 seen = 0;
};

// Waits until one of the files has what is wanted of it. How many have; 0 when the deadline passed.
Result<i64> wait_for_any(std::span<Watched> list, u64 deadline) {
  Waiters waiters;
  bool first = true;
  for (;;) {
    sync::prepare_to_sleep(true);
    i64 ready = 0;
    for (Watched& watched : list) {
      if (!watched.file) continue;
      // Registered once; a file whose state changes wakes us, and is asked again.
      watched.seen = watched.file->poll(first && ready == 0 ? &waiters : nullptr) & (watched.wanted | kError | kHangup);
      if (watched.seen != 0) ++ready;
    }
    first = false;
    if (ready != 0 || sync::deadline_passed(deadline) || waiters.failed()) {
      sync::cancel_sleep();
      if (ready == 0 && waiters.failed()) return Err(Errno::ENOMEM);
      return ready;
    }
    if (sync::current_is_interrupted()) {
      sync::cancel_sleep();
      return Err(Errno::ERESTARTNOHAND);
    }
    sync::sleep_until(deadline);
  }
}

Result<i64> poll_files(mm::UserInOut<PollEntry> entries, u32 count, u64 deadline) {
  if (count > proc::current_process().limit_of(proc::limit::kFiles)) return Err(Errno::EINVAL);
  lib::Vector<Watched> list;
  lib::Vector<PollEntry> copies;
  TRY(list.resize(count));
  TRY(copies.resize(count));
  TRY(mm::UserIn<PollEntry>(entries.address()).get(std::span<PollEntry>(copies)));
  i64 invalid = 0;
  for (usize i = 0; i < count; ++i) {
    copies[i].returned = 0;
    if (copies[i].fd < 0) continue;
    auto file = file_of(copies[i].fd);
    if (!file) {
      copies[i].returned = kInvalid;
      ++invalid;
      continue;
    }
    list[i].file = std::move(*file);
    list[i].wanted = static_cast<u16>(copies[i].events);
  }
  const i64 ready = TRY(wait_for_any(list, invalid != 0 ? 0 : deadline));
  for (usize i = 0; i < count; ++i) {
    if (list[i].file) copies[i].returned = static_cast<i16>(list[i].seen);
    TRY(entries.put(copies[i], i));
  }
  return ready + invalid;
}

// Three bit sets as select() has them.
class FdSets {
 public:
  static constexpr u32 kIn = kReadNormal | kReadBand | vfs::poll_event::kIn | kHangup | kError;
  static constexpr u32 kOutMask = kWriteNormal | kWriteBand | vfs::poll_event::kOut | kError;
  static constexpr u32 kExcept = kPriority;

  Status load(int count, const mm::UserInOut<u64> (&sets)[3]) {
    words_ = (static_cast<usize>(count) + 63) / 64;
    for (usize set = 0; set < 3; ++set) {
      TRY(bits_[set].resize(words_));
      if (!sets[set]) continue;
      TRY(mm::UserIn<u64>(sets[set].address()).get(std::span<u64>(bits_[set])));
      if (count % 64 != 0) bits_[set].back() &= (u64{1} << (count % 64)) - 1;
    }
    return {};
  }
  bool test(usize set, usize fd) const { return (bits_[set][fd / 64] >> (fd % 64) & 1) != 0; }
  void clear_bit(usize set, usize fd) { bits_[set][fd / 64] &= ~(u64{1} << (fd % 64)); }
  Status store(const mm::UserInOut<u64> (&sets)[3]) {
    for (usize set = 0; set < 3; ++set) {
      if (sets[set]) TRY(mm::UserOut<u64>(sets[set].address()).put(std::span<const u64>(bits_[set])));
    }
    return {};
  }

 private:
  usize words_ = 0;
  lib::Vector<u64> bits_[3];
};

Result<i64> select_files(int count, const mm::UserInOut<u64> (&sets)[3], u64 deadline) {
  if (count < 0) return Err(Errno::EINVAL);
  count = std::min(count, static_cast<int>(proc::FileTable::kHardLimit));
  FdSets bits;
  TRY(bits.load(count, sets));
  constexpr u32 masks[3] = {FdSets::kIn, FdSets::kOutMask, FdSets::kExcept};
  lib::Vector<Watched> list;
  lib::Vector<int> numbers;
  for (int fd = 0; fd < count; ++fd) {
    u32 wanted = 0;
    for (usize set = 0; set < 3; ++set) {
      if (bits.test(set, static_cast<usize>(fd))) wanted |= masks[set];
    }
    if (wanted == 0) continue;
    TRY(list.push({TRY(file_of(fd)), wanted, 0}));
    TRY(numbers.push(fd));
  }
  // What poll() always reports counts here only for the sets that ask for it.
  TRY(wait_for_any(list, deadline));
  i64 ready = 0;
  for (usize i = 0; i < list.size(); ++i) {
    for (usize set = 0; set < 3; ++set) {
      const usize fd = static_cast<usize>(numbers[i]);
      if (!bits.test(set, fd)) continue;
      if ((list[i].seen & masks[set]) != 0) {
        ++ready;
      } else {
        bits.clear_bit(set, fd);
      }
    }
  }
  TRY(bits.store(sets));
  return ready;
}

template <class Time>
Result<u64> optional_deadline(mm::UserInOut<Time> timeout) {
  if (!timeout) return sync::kNoDeadline;
  return deadline_after_ns(TRY(nanoseconds_of(TRY(timeout.get()))));
}

}  // namespace

Result<i64> sys_poll(mm::UserInOut<PollEntry> entries, u32 count, i32 timeout) {
  const u64 deadline = timeout < 0 ? sync::kNoDeadline : deadline_after_ns(static_cast<u64>(timeout) * 1'000'000);
  return poll_files(entries, count, deadline);
}

Result<i64> sys_ppoll(mm::UserInOut<PollEntry> entries, u32 count, mm::UserIn<TimeSpec> timeout, mm::UserIn<u64> mask,
                      usize size) {
  const u64 deadline = TRY(deadline_after(timeout));
  TRY(set_temporary_mask(mask, size));
  const Result<i64> result = poll_files(entries, count, deadline);
  if (result || result.error() != Errno::ERESTARTNOHAND) restore_temporary_mask();
  return result;
}

Result<i64> sys_select(int count, mm::UserInOut<u64> read, mm::UserInOut<u64> write, mm::UserInOut<u64> except,
                       mm::UserInOut<TimeVal> timeout) {
  const u64 deadline = TRY(optional_deadline(timeout));
  return select_files(count, {read, write, except}, deadline);
}

Result<i64> sys_pselect6(int count, mm::UserInOut<u64> read, mm::UserInOut<u64> write, mm::UserInOut<u64> except,
                         mm::UserInOut<TimeSpec> timeout, mm::UserIn<SigsetArgument> mask) {
  const u64 deadline = TRY(optional_deadline(timeout));
  if (mask) {
    const SigsetArgument argument = TRY(mask.get());
    TRY(set_temporary_mask(mm::UserIn<u64>(argument.address), argument.size));
  }
  const Result<i64> result = select_files(count, {read, write, except}, deadline);
  if (result || result.error() != Errno::ERESTARTNOHAND) restore_temporary_mask();
  return result;
}

}  // namespace syscall
