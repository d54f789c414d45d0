// The files of /proc that are about the machine as a whole.

#include "fs/procfs/procfs.hpp"
#include "fs/vfs/mount.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/timer.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/file_object.hpp"
#include "kernel/proc/table.hpp"
#include "kernel/sched/cpus.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/time/load_average.hpp"
#include "kernel/time/wall_clock.hpp"

namespace proc {
namespace {

using procfs::Text;
constexpr u64 kTick = 10'000'000;

void meminfo(Text& text) {
  const mm::MemoryCounts memory = mm::count_frames();
  const mm::CacheCounts& cache = mm::g_cache_counts;
  const auto print = [&](const char* name, u64 pages) { text.print("%-15s %8lu kB\n", name, pages * kPageSize / KiB); };
  // Clean pages of files can be had back at any time.
  const u64 cached = cache.cached.load(), devices = cache.devices.load(), dirty = cache.dirty.load();
  const u64 clean = cached + devices - std::min(cached + devices, dirty);
  print("MemTotal:", memory.total);
  print("MemFree:", memory.free);
  print("MemAvailable:", memory.free + clean);
  print("Buffers:", devices);
  print("Cached:", cached);
  print("SwapTotal:", 0);
  print("SwapFree:", 0);
  print("Dirty:", dirty);
  print("Writeback:", cache.writeback.load());
}

void uptime(Text& text) {
  const u64 now = hal::monotonic_ns();
  u64 idle = 0;
  for (u32 i = 0; i < sched::online_cpus(); ++i) idle += sched::times_of(sched::cpu(i)).idle_ns;
  text.print("%lu.%02lu %lu.%02lu\n", now / 1'000'000'000, now / kTick % 100, idle / 1'000'000'000, idle / kTick % 100);
}

void print_times(Text& text, const sched::CpuTimes& times) {
  text.print(" %lu 0 %lu %lu 0 0 0 0 0 0\n", times.user_ns / kTick, times.system_ns / kTick, times.idle_ns / kTick);
}

void stat(Text& text) {
  sched::CpuTimes all;
  Text each;
  u64 switches = 0;
  for (u32 i = 0; i < sched::online_cpus(); ++i) {
    sched::Cpu& cpu = sched::cpu(i);
    const sched::CpuTimes times = sched::times_of(cpu);
    all.user_ns += times.user_ns, all.system_ns += times.system_ns, all.idle_ns += times.idle_ns;
    switches += cpu.context_switches;
    each.print("cpu%u", i);
    print_times(each, times);
  }
  text.add("cpu ");
  print_times(text, all);
  text.add(each.view());
  const i64 boot = ktime::wall_clock_ns() - static_cast<i64>(hal::monotonic_ns());
  auto table = lock_table();
  text.print("intr 0\nctxt %lu\nbtime %ld\nprocesses %lu\nprocs_running %u\nprocs_blocked 0\n", switches,
             boot / 1'000'000'000, table->forks, sched::runnable_threads());
}

// Averages, threads that run and that exist, the latest number given out.
void loadavg(Text& text) {
  for (const u64 load : ktime::load_averages()) {
    const u64 hundredths = (load * 100 + ktime::kLoadOne / 2) / ktime::kLoadOne;
    text.print("%lu.%02lu ", hundredths / 100, hundredths % 100);
  }
  const u32 runnable = sched::runnable_threads();
  auto table = lock_table();
  text.print("%u/%u %d\n", runnable, table->threads, table->last_pid);
}

void cpuinfo(Text& text) {
  char piece[1024];
  for (u32 i = 0; i < sched::online_cpus(); ++i) text.add({piece, hal::cpu_info_text(i, piece, sizeof(piece))});
}

void version(Text& text) { text.print("Linux version 6.1.0-halyard (Halyard) #1 SMP PREEMPT Halyard\n"); }

void cmdline(Text& text) { text.print("%s\n", kernel::the_kernel().boot().command_line); }

void list_type(void* context, const vfs::FileSystemType& type) {
  static_cast<Text*>(context)->print("%s\t%s\n", type.needs_device ? "" : "nodev", type.name);
}
void filesystems(Text& text) { vfs::list_types(list_type, &text); }

void subsystems(Text& text) {
  for (kernel::Subsystem* subsystem : kernel::ordered_subsystems()) {
    text.print("%s", subsystem->name());
    for (const char* needed : subsystem->needs()) text.print(" <- %s", needed);
    text.print("\n");
  }
}

class KernelFilesSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "kernel-files"; }
  void on_early_init(kernel::Kernel&) override {
    struct {
      const char* name;
      procfs::Generate generate;
    } constexpr files[] = {{"meminfo", meminfo}, {"uptime", uptime},           {"stat", stat},
                           {"loadavg", loadavg}, {"cpuinfo", cpuinfo},         {"version", version},
                           {"cmdline", cmdline}, {"filesystems", filesystems}, {"subsystems", subsystems}};
    for (const auto& file : files) {
      if (!procfs::register_file(file.name, file.generate)) LOG_ERROR("procfs", "no memory for /proc/%s", file.name);
    }
  }
};
REGISTER_SUBSYSTEM(KernelFilesSubsystem);

}  // namespace
}  // namespace proc
