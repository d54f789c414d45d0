// What the code under test needs of the rooms that are not compiled for the host: frames, a scheduler that has nothing
// to switch to, the log, clocks.

#include <sys/mman.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "fs/vfs/inode.hpp"
#include "fs/vfs/write_back.hpp"
#include "hal/timer.hpp"
#include "hal/user_access.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/frame.hpp"
#include "kernel/mm/object_mappers.hpp"
#include "kernel/mm/policy.hpp"
#include "kernel/random/random.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "tests/unit/allocate.hpp"
#include "tests/unit/fake/kernel.hpp"

namespace {

constexpr usize kFrames = hal::arch::kDirectMapSize >> kPageShift;

struct Frames {
  std::vector<mm::PageFrame*> free;
  Frames() {
    const auto map = [](VirtAddr at, usize size) {
      void* wanted = reinterpret_cast<void*>(at);
      if (mmap(wanted, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) !=
          wanted)
        std::abort();
    };
    map(hal::arch::kDirectMapBase, hal::arch::kDirectMapSize);
    map(hal::arch::kFrameTableBase, kFrames * sizeof(mm::PageFrame));
    for (usize i = kFrames; i-- > 0;) free.push_back(::new (mm::frame_table() + i) mm::PageFrame());
  }
};
Frames& frames() {
  static Frames all;
  return all;
}
bool g_is_verbose = std::getenv("TEST_LOG") != nullptr;

}  // namespace

u64 test::frames_in_use() { return kFrames - frames().free.size(); }

namespace mm {
// There is one node.
Result<PageFrame*> allocate_user_frame(FrameKind kind, Allocate flags) { return allocate_frame(kind, flags); }

Result<PageFrame*> allocate_frames(unsigned order, FrameKind kind, Allocate flags) {
  if (order != 0 || frames().free.empty() || !test::may_allocate()) return Err(Errno::ENOMEM);
  PageFrame* frame = frames().free.back();
  frames().free.pop_back();
  frame->kind = kind;
  frame->references = 1;
  frame->flags = 0;
  // Whoever forgets to clear a page shall be seen.
  std::memset(memory_of(frame), has(flags, Allocate::Zeroed) ? 0 : 0xd5, kPageSize);
  return frame;
}
void free_frames(PageFrame* frame) { frames().free.push_back(frame); }
MemoryCounts count_frames() { return {kFrames, frames().free.size()}; }

void ObjectMappers::add(AddressSpace&) {}
void ObjectMappers::remove(AddressSpace&) {}
void ObjectMappers::unmap(VmObject&, u64, u64) {}
void ObjectMappers::write_protect(VmObject&, u64, u64) {}
}  // namespace mm

namespace sync {
void prepare_to_sleep(bool) {}
void cancel_sleep() {}
void sleep_until(u64) {
  std::fprintf(stderr, "the only thread sleeps\n");
  std::abort();
}
bool wake(hal::ThreadAnchor&) { return false; }
bool current_is_interrupted() { return false; }
void preempt_now() {}
}  // namespace sync

namespace diag {
void log(hal_log_level_t, const char* module, const char* format, ...) {
  if (!g_is_verbose) return;
  va_list arguments;
  va_start(arguments, format);
  std::printf("  [%s] ", module);
  std::vprintf(format, arguments);
  std::printf("\n");
  va_end(arguments);
}
void panic(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::abort();
}
void assertion_failed(const char* expression, const char* message, const char*, int) {
  panic("%s: %s\n", expression, message);
}
}  // namespace diag

namespace vfs {
Timestamp now() { return static_cast<Timestamp>(std::time(nullptr)) * 1'000'000'000; }
void balance_dirty_pages() {}
void set_extra_write_back(void (*)(bool)) {}
void set_extra_sync(Status (*)()) {}
Status sync_extra() { return {}; }
}  // namespace vfs

namespace entropy {
void fill(void* to, usize size) {
  for (usize i = 0; i < size; ++i) static_cast<u8*>(to)[i] = static_cast<u8>(std::rand());
}
}  // namespace entropy

namespace hal {
constinit ClockScale clock_scale{.base = 0, .factor = u64{1} << 32};
extern "C" usize hal_copy_from_user(void* to, VirtAddr from, usize size) {
  std::memcpy(to, reinterpret_cast<const void*>(from), size);
  return 0;
}
extern "C" usize hal_copy_to_user(VirtAddr to, const void* from, usize size) {
  std::memcpy(reinterpret_cast<void*>(to), from, size);
  return 0;
}
extern "C" usize hal_clear_user(VirtAddr to, usize size) {
  std::memset(reinterpret_cast<void*>(to), 0, size);
  return 0;
}
}  // namespace hal
