// Crimes that the debug kernel commits when it is asked to, so that tests see each of them caught: `fault=NAME` on the
// command line. The release kernel has none of this.

#include "kernel/sync/lock_check.hpp"

#if HALYARD_DEBUG

#include <cstring>
#include <utility>

#include "hal/cpu.hpp"
#include "hal/timer.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/address_space.hpp"
#include "kernel/sched/cpu.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace kernel {
namespace {

sync::Locked<int, sync::LockClass::Zone> g_inner;
sync::Locked<int, sync::LockClass::DeviceQueue> g_outer;
sync::Locked<int, sync::LockClass::FileTable> g_sleeping;

void invert_locks(void*) {
  g_inner.with([](int&) { g_outer.with([](int& value) { ++value; }); });
}

void sleep_in_atomic(void*) {
  g_outer.with([](int&) { g_sleeping.with([](int& value) { ++value; }); });
}

void use_after_free(void*) {
  // Until the allocator hands the same place out again, which it does soon for a size that nobody else wants.
  constexpr usize kSize = 424;
  void* memory = lib::allocate(kSize);
  lib::deallocate(memory);
  std::memset(static_cast<u8*>(memory) + kSize / 2, 0x55, 8);
  for (int i = 0; i < 4096; ++i) static_cast<void>(lib::allocate(kSize));
}

void hold_a_cpu(void*) {
  sched::Affinity home;
  for (u64& word : home.words) word = 0;
  home.words[0] = u64{1} << (sched::online_cpus() - 1);
  static_cast<void>(sched::set_affinity(sched::current(), home));
  sched::yield();
  hal::interrupts_disable();
  for (;;) hal::relax();
}

void write_to_code(void*) { *reinterpret_cast<volatile u8*>(&hold_a_cpu) = 0; }

void run_data(void*) {
  void* const memory = lib::allocate(64);
  reinterpret_cast<void (*)()>(memory)();
}

// The address of a page of user memory that is there: the thread looks as a system call does from now on.
VirtAddr enter_user_memory() {
  constexpr VirtAddr kPlace = 0x10000;
  auto made = mm::AddressSpace::create();
  if (!made) return 0;
  mm::AddressSpace& space = **made;
  space.acquire();  // for as long as the thread lives
  const auto all = mm::Protection::Read | mm::Protection::Write | mm::Protection::Exec;
  mm::MapRequest request;
  request.address = kPlace;
  request.size = kPageSize;
  request.protection = all;
  request.fixed = true;
  const auto place = space.map(std::move(request));
  if (!place) return 0;
  space.populate(*place, kPageSize);
  sched::use_address_space(&space);
  return *place;
}

void touch_user_memory(void*) {
  if (const VirtAddr place = enter_user_memory(); place != 0) *reinterpret_cast<volatile u8*>(place) = 1;
}

void run_user_memory(void*) {
  if (const VirtAddr place = enter_user_memory(); place != 0) reinterpret_cast<void (*)()>(place)();
}

struct Fault {
  const char* name;
  hal::ThreadEntry commit;
};
constexpr Fault kFaults[] = {{"lock-inversion", invert_locks},         {"sleep-in-atomic", sleep_in_atomic},
                             {"use-after-free", use_after_free},       {"stuck-cpu", hold_a_cpu},
                             {"write-to-code", write_to_code},         {"run-data", run_data},
                             {"touch-user-memory", touch_user_memory}, {"run-user-memory", run_user_memory}};
constexpr const char* kNeeds[] = {"watchdog"};

class SeededFaultsSubsystem final : public Subsystem {
 public:
  const char* name() const override { return "seeded-faults"; }
  std::span<const char* const> needs() const override { return kNeeds; }
  void on_late_init(Kernel& kernel) override {
    const auto wanted = lib::CommandLine(kernel.boot().command_line).value("fault");
    if (!wanted) return;
    for (const Fault& fault : kFaults) {
      if (*wanted != fault.name) continue;
      LOG_WARNING("fault", "committing %s", fault.name);
      static_cast<void>(sched::start_kernel_thread("fault", fault.commit, nullptr));
    }
  }
};
REGISTER_SUBSYSTEM(SeededFaultsSubsystem);

}  // namespace
}  // namespace kernel

#endif
