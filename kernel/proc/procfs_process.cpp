// The files of /proc/PID: what ps, top and their like read (proc(5)).

#include <cstring>

#include "fs/procfs/procfs.hpp"
#include "fs/vfs/mount.hpp"
#include "fs/vfs/number_set.hpp"
#include "hal/cpu.h"
#include "kernel/lib/subsystem.hpp"
#include "kernel/proc/exit.hpp"
#include "kernel/proc/procfs_places.hpp"
#include "kernel/sched/cpu.hpp"
#include "kernel/tty/terminals.hpp"

namespace proc {
namespace {

using procfs::Text;
using vfs::FileType;

constexpr u64 kTick = 10'000'000;  // USER_HZ is 100

// What the table's lock is needed for, copied out.
struct Snapshot {
  lib::Ref<Process> process;
  lib::Ref<mm::AddressSpace> memory;
  lib::Ref<Directories> directories;
  char name[sched::Thread::kNameSize] = {};
  char state = 'Z';
  i32 parent = 0, group = 0, session = 0;
  u32 threads = 0, exit_status = 0;
  u32 uid[4] = {}, gid[4] = {};
  int nice = 0;
  u32 cpu = 0;
  sched::Affinity affinity;
  SignalSet pending, shared_pending, blocked, ignored, caught;
  u64 start_ns = 0;
};

char state_of(const Process& process, const Thread& thread) {
  if (process.is_stopped) return 'T';
  switch (thread.state.load(std::memory_order_relaxed)) {
    case sched::State::Runnable:
    case sched::State::Waking: return 'R';
    case sched::State::Sleeping: return thread.sleep_is_interruptible.load() ? 'S' : 'D';
    case sched::State::Dead: return 'Z';
  }
  return '?';
}

void take_signals(const Thread& thread, const Process& process, Snapshot& snapshot) {
  if (!thread.handlers) return;
  thread.handlers->state.with([&](SignalHandlers::State& state) {
    snapshot.pending = thread.signals.pending();
    snapshot.shared_pending = process.signals.pending();
    snapshot.blocked = thread.blocked;
    for (int signal = 1; signal <= static_cast<int>(state.actions.size()); ++signal) {
      const VirtAddr handler = state.of(signal).handler;
      if (handler == kIgnoreHandler) {
        snapshot.ignored.add(signal);
      } else if (handler != kDefaultHandler) {
        snapshot.caught.add(signal);
      }
    }
  });
}

bool take(i32 pid, Snapshot& snapshot) {
  auto table = lock_table();
  Process* process = table->process(pid);
  if (process == nullptr) return false;
  snapshot.process = lib::Ref<Process>(process);
  snapshot.parent = process->parent == nullptr ? 0 : process->parent->pid;
  snapshot.group = process->group ? process->group->id : 0;
  snapshot.session = process->session ? process->session->id : 0;
  snapshot.threads = process->thread_count;
  snapshot.exit_status = process->exit_status;
  snapshot.start_ns = process->start_time_ns;
  if (process->threads.empty()) return true;
  Thread& thread = process->threads.front();
  snapshot.state = state_of(*process, thread);
  snapshot.memory = thread.memory;
  snapshot.directories = thread.directories;
  std::memcpy(snapshot.name, thread.name, sizeof(snapshot.name));
  snapshot.nice = thread.priority.nice;
  snapshot.cpu = thread.cpu == nullptr ? 0 : thread.cpu->id;
  snapshot.affinity = thread.affinity;
  take_signals(thread, *process, snapshot);
  if (thread.credentials) {
    const vfs::Credentials& who = *thread.credentials;
    const u32 uids[4] = {who.uid, who.euid, who.suid, who.fsuid}, gids[4] = {who.gid, who.egid, who.sgid, who.fsgid};
    std::memcpy(snapshot.uid, uids, sizeof(uids));
    std::memcpy(snapshot.gid, gids, sizeof(gids));
  }
  return true;
}

bool stat_text(i32 pid, Text& text) {
  Snapshot s;
  if (!take(pid, s)) return false;
  const ResourceUse use = use_of(*s.process);
  const mm::MemoryUse memory = s.memory ? s.memory->memory_use() : mm::MemoryUse();
  const mm::ProgramLayout layout = s.memory ? s.memory->layout() : mm::ProgramLayout();
  const lib::Ref<tty::Terminal> terminal = tty::terminal_of(s.session);
  constexpr u64 kOldSignals = 0x7fffffff;
  text.print("%d (%s) %c %d %d %d %d %d 0 %lu 0 %lu 0 %lu %lu %lu %lu ", pid, s.name, s.state, s.parent, s.group,
             s.session, terminal ? static_cast<int>(terminal->number().encoded()) : 0,
             terminal ? terminal->foreground() : -1, use.minor_faults, use.major_faults, use.user_ns / kTick,
             use.system_ns / kTick, s.process->children_user_ns / kTick, s.process->children_system_ns / kTick);
  text.print("%d %d %u 0 %lu %lu %lu %lu ", 20 + s.nice, s.nice, s.threads, s.start_ns / kTick,
             memory.mapped_pages * kPageSize, memory.anonymous_pages + memory.object_pages, limit::kInfinity);
  text.print("%lu %lu %lu 0 0 %lu %lu %lu %lu 0 0 0 17 %u 0 0 0 0 0 ", layout.code_start, layout.code_end,
             layout.stack_start, (s.pending.bits | s.shared_pending.bits) & kOldSignals, s.blocked.bits & kOldSignals,
             s.ignored.bits & kOldSignals, s.caught.bits & kOldSignals, s.cpu);
  text.print("%lu %lu %lu %lu %lu %lu %lu %u\n", layout.data_start, layout.data_end, layout.break_start,
             layout.arguments_start, layout.arguments_end, layout.environment_start, layout.environment_end,
             s.exit_status);
  return true;
}

const char* state_name(char state) {
  switch (state) {
    case 'R': return "running";
    case 'S': return "sleeping";
    case 'D': return "disk sleep";
    case 'T': return "stopped";
    default: return "zombie";
  }
}

template <class Contains>
void print_set(Text& text, const char* name, u32 count, Contains contains) {
  text.print("%s:\t", name);
  vfs::print_mask(text, count, contains);
  text.print("%s_list:\t", name);
  vfs::print_list(text, count, contains);
}

bool status_text(i32 pid, Text& text) {
  Snapshot s;
  if (!take(pid, s)) return false;
  const mm::MemoryUse memory = s.memory ? s.memory->memory_use() : mm::MemoryUse();
  const auto kib = [](u64 pages) { return pages * kPageSize / KiB; };
  text.print("Name:\t%s\nState:\t%c (%s)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", s.name, s.state,
             state_name(s.state), pid, pid, s.parent);
  text.print("Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", s.uid[0], s.uid[1], s.uid[2], s.uid[3], s.gid[0], s.gid[1],
             s.gid[2], s.gid[3]);
  if (s.memory) {
    text.print("VmSize:\t%8lu kB\nVmRSS:\t%8lu kB\nRssAnon:\t%8lu kB\nRssFile:\t%8lu kB\n", kib(memory.mapped_pages),
               kib(memory.anonymous_pages + memory.object_pages), kib(memory.anonymous_pages),
               kib(memory.object_pages));
    text.print("VmData:\t%8lu kB\nVmStk:\t%8lu kB\nVmExe:\t%8lu kB\n", kib(memory.data_pages), kib(memory.stack_pages),
               kib(memory.text_pages));
  }
  text.print("Threads:\t%u\nSigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n", s.threads, s.pending.bits,
             s.shared_pending.bits, s.blocked.bits);
  text.print("SigIgn:\t%016lx\nSigCgt:\t%016lx\n", s.ignored.bits, s.caught.bits);
  const auto runs_on = [&](u32 cpu) { return s.affinity.allows(cpu); };
  print_set(text, "Cpus_allowed", hal_cpu_count(), runs_on);
  // As wide as a set of nodes may ever be: libnuma makes its own sets as wide.
  const lib::NodeSet nodes = mm::nodes_with_memory();
  print_set(text, "Mems_allowed", lib::NumaTopology::kMaxNodes, [&](u32 node) { return lib::contains(nodes, node); });
  return true;
}

bool statm_text(i32 pid, Text& text) {
  Snapshot s;
  if (!take(pid, s)) return false;
  const mm::MemoryUse memory = s.memory ? s.memory->memory_use() : mm::MemoryUse();
  text.print("%lu %lu %lu %lu 0 %lu 0\n", memory.mapped_pages, memory.anonymous_pages + memory.object_pages,
             memory.object_pages, memory.text_pages, memory.data_pages);
  return true;
}

bool comm_text(i32 pid, Text& text) {
  Snapshot s;
  if (!take(pid, s)) return false;
  text.print("%s\n", s.name);
  return true;
}

// Strings out of the program's memory; a program that is gone has none.
bool memory_text(i32 pid, Text& text, VirtAddr mm::ProgramLayout::* start, VirtAddr mm::ProgramLayout::* end) {
  Snapshot s;
  if (!take(pid, s)) return false;
  if (!s.memory) return true;
  const mm::ProgramLayout layout = s.memory->layout();
  char piece[256];
  for (VirtAddr at = layout.*start; at < layout.*end;) {
    const usize size = std::min<usize>(sizeof(piece), layout.*end - at);
    if (!s.memory->read_foreign(at, piece, size)) break;
    text.add({piece, size});
    at += size;
  }
  return true;
}
bool cmdline_text(i32 pid, Text& text) {
  return memory_text(pid, text, &mm::ProgramLayout::arguments_start, &mm::ProgramLayout::arguments_end);
}
bool environ_text(i32 pid, Text& text) {
  return memory_text(pid, text, &mm::ProgramLayout::environment_start, &mm::ProgramLayout::environment_end);
}

bool maps_text(i32 pid, Text& text) {
  Snapshot s;
  if (!take(pid, s)) return false;
  if (!s.memory) return true;
  s.memory->for_each_mapping([&](const mm::Mapping& m) {
    using mm::Protection;
    const u64 offset = m.object && m.name ? m.object_page * kPageSize : 0;
    const auto device = vfs::DeviceNumber::decode(m.name ? m.name->device() : 0);
    text.print("%lx-%lx %c%c%c%c %08lx %02x:%02x %lu ", m.start, m.end, has(m.protection, Protection::Read) ? 'r' : '-',
               has(m.protection, Protection::Write) ? 'w' : '-', has(m.protection, Protection::Exec) ? 'x' : '-',
               m.flags.shared ? 's' : 'p', offset, device.major, device.minor, m.name ? m.name->inode() : 0);
    char name[256];
    const usize length = m.name ? m.name->text(name, sizeof(name)) : 0;
    text.print("%20s%.*s%s\n", "", static_cast<int>(length), name, m.label == nullptr ? "" : m.label);
  });
  return true;
}

const char* access_time_option(u32 flags) {
  if ((flags & vfs::mount_flag::kNoatime) != 0) return ",noatime";
  if ((flags & vfs::mount_flag::kStrictatime) != 0) return "";
  return ",relatime";
}

void list_one(void* context, vfs::Mount& mount, std::string_view point) {
  static_cast<Text*>(context)->print("%s %.*s %s %s%s%s%s%s%s%s 0 0\n", mount.source().c_str(),
                                     static_cast<int>(point.size()), point.data(), mount.file_system().type_name(),
                                     mount.is_read_only() ? "ro" : "rw",
                                     (mount.flags() & vfs::mount_flag::kNosuid) != 0 ? ",nosuid" : "",
                                     (mount.flags() & vfs::mount_flag::kNodev) != 0 ? ",nodev" : "",
                                     (mount.flags() & vfs::mount_flag::kNoexec) != 0 ? ",noexec" : "",
                                     (mount.flags() & vfs::mount_flag::kSynchronous) != 0 ? ",sync" : "",
                                     access_time_option(mount.flags()), mount.file_system().option_text());
}
bool mounts_text(i32 pid, Text& text) {
  Snapshot s;
  if (!take(pid, s) || !s.directories) return false;
  vfs::list_mounts(s.directories->root(), list_one, &text);
  return true;
}

constexpr procfs::ProcessFile kFiles[] = {
    {"stat", FileType::Regular, 0444, stat_text},
    {"status", FileType::Regular, 0444, status_text},
    {"statm", FileType::Regular, 0444, statm_text},
    {"comm", FileType::Regular, 0444, comm_text},
    {"cmdline", FileType::Regular, 0444, cmdline_text},
    {"environ", FileType::Regular, 0400, environ_text},
    {"maps", FileType::Regular, 0444, maps_text},
    {"mounts", FileType::Regular, 0444, mounts_text},
    {"exe", FileType::Symlink, 0777, exe_text, exe_place},
    {"cwd", FileType::Symlink, 0777, cwd_text, cwd_place},
    {"root", FileType::Symlink, 0777, root_text, root_place},
};

class Source final : public procfs::ProcessSource {
 public:
  i32 next(i32 from) override {
    auto table = lock_table();
    i32 best = 0;
    for_each_process(*table, [&](Process& process) {
      if (process.pid >= from && (best == 0 || process.pid < best)) best = process.pid;
    });
    return best;
  }
  bool exists(i32 pid) override { return lock_table()->process(pid) != nullptr; }
  i32 current() override { return current_process().pid; }
  void owner(i32 pid, u32& uid, u32& gid) override {
    Snapshot s;
    if (!take(pid, s)) return;
    uid = s.uid[1];
    gid = s.gid[1];
  }
  std::span<const procfs::ProcessFile> files() override { return kFiles; }
  int next_descriptor(i32 pid, int from) override { return next_descriptor_of(pid, from); }
  Result<vfs::Path> descriptor(i32 pid, int fd) override { return descriptor_place(pid, fd); }
  bool describe_descriptor(i32 pid, int fd, Text& text) override {
    const auto place = descriptor_place(pid, fd);
    if (place) place_text(*place, text);
    return place.has_value();
  }
};
Source g_source;

class ProcessFilesSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "process-files"; }
  void on_early_init(kernel::Kernel&) override { procfs::set_process_source(g_source); }
};
REGISTER_SUBSYSTEM(ProcessFilesSubsystem);

}  // namespace
}  // namespace proc
