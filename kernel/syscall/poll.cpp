// Waiting for several files: poll and select.

#include <bit>

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
  u32 number = 0;  // of its entry, or its descriptor
  u32 wanted = 0;
  u32 seen = 0;
};

// Waits until one of the files has what is wanted of it. How many have; 0 when the deadline passed.
Result<i64> wait_for_any(std::span<Watched> list, u64 deadline) {
  Waiters waiters;
  // Who does not wait need not be woken; that is what makes asking cheap.
  bool must_register = !sync::deadline_passed(deadline);
  for (;;) {
    sync::prepare_to_sleep(true);
    i64 ready = 0;
    for (Watched& watched : list) {
      // Registered once; a file whose state changes wakes us, and is asked again.
      watched.seen = watched.file->poll(must_register && ready == 0 ? &waiters : nullptr) & watched.wanted;
      if (watched.seen != 0) ++ready;
    }
    must_register = false;
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
  TRY(list.reserve(count));
  TRY(copies.resize(count));
  TRY(mm::UserIn<PollEntry>(entries.address()).get(std::span<PollEntry>(copies)));
  i64 invalid = 0;
  for (u32 i = 0; i < count; ++i) {
    copies[i].returned = 0;
    if (copies[i].fd < 0) continue;
    auto file = file_of(copies[i].fd);
    if (!file) {
      copies[i].returned = kInvalid;
      ++invalid;
      continue;
    }
    TRY(list.push({std::move(*file), i, static_cast<u16>(copies[i].events) | kError | kHangup, 0}));
  }
  const i64 ready = TRY(wait_for_any(list, invalid != 0 ? 0 : deadline));
  for (const Watched& watched : list) copies[watched.number].returned = static_cast<i16>(watched.seen);
  TRY(mm::UserOut<PollEntry>(entries.address()).put(std::span<const PollEntry>(copies)));
  return ready + invalid;
}

// Three bit sets as select() has them: what is asked, and what is answered.
class FdSets {
 public:
  Status load(int count, const mm::UserInOut<u64> (&sets)[3]) {
    words_ = (static_cast<usize>(count) + 63) / 64;
    for (usize set = 0; set < 3; ++set) {
      TRY(asked_[set].resize(words_));
      TRY(answered_[set].resize(words_));
      if (!sets[set]) continue;
      TRY(mm::UserIn<u64>(sets[set].address()).get(std::span<u64>(asked_[set])));
      if (count % 64 != 0) asked_[set].back() &= (u64{1} << (count % 64)) - 1;
    }
    return {};
  }
  // The files that any of the sets names. EBADF if one of them is not open.
  Status open_files(lib::Vector<Watched>& list) const {
    TRY(list.reserve(chosen()));
    for (usize word = 0; word < words_; ++word) {
      for (u64 left = any(word); left != 0; left &= left - 1) {
        const u32 fd = static_cast<u32>(word * 64) + static_cast<u32>(std::countr_zero(left));
        TRY(list.push({TRY(file_of(static_cast<int>(fd))), fd, wanted(word, left & -left), 0}));
      }
    }
    return {};
  }
  // Notes what was seen of a file; in how many sets. What poll() always reports counts only for the sets that ask.
  i64 answer(const Watched& watched) {
    const usize word = watched.number / 64;
    const u64 bit = u64{1} << (watched.number % 64);
    i64 count = 0;
    for (usize set = 0; set < 3; ++set) {
      if ((watched.seen & kMeanings[set]) == 0 || (asked_[set][word] & bit) == 0) continue;
      answered_[set][word] |= bit;
      ++count;
    }
    return count;
  }
  Status store(const mm::UserInOut<u64> (&sets)[3]) const {
    for (usize set = 0; set < 3; ++set) {
      if (sets[set]) TRY(mm::UserOut<u64>(sets[set].address()).put(std::span<const u64>(answered_[set])));
    }
    return {};
  }

 private:
  static constexpr u32 kMeanings[3] = {kReadNormal | kReadBand | kIn | kHangup | kError,
                                       kWriteNormal | kWriteBand | kOut | kError, kPriority};

  u64 any(usize word) const { return asked_[0][word] | asked_[1][word] | asked_[2][word]; }
  usize chosen() const {
    usize count = 0;
    for (usize word = 0; word < words_; ++word) count += static_cast<usize>(std::popcount(any(word)));
    return count;
  }
  u32 wanted(usize word, u64 bit) const {
    u32 events = 0;
    for (usize set = 0; set < 3; ++set) {
      if ((asked_[set][word] & bit) != 0) events |= kMeanings[set];
    }
    return events;
  }

  usize words_ = 0;
  lib::Vector<u64> asked_[3];
  lib::Vector<u64> answered_[3];
};

Result<i64> select_files(int count, const mm::UserInOut<u64> (&sets)[3], u64 deadline) {
  if (count < 0) return Err(Errno::EINVAL);
  FdSets bits;
  TRY(bits.load(std::min(count, static_cast<int>(proc::FileTable::kHardLimit)), sets));
  lib::Vector<Watched> list;
  TRY(bits.open_files(list));
  i64 ready = 0;
  if (TRY(wait_for_any(list, deadline)) != 0) {
    for (const Watched& watched : list) ready += bits.answer(watched);
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
