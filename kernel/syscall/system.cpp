// The machine as a whole: names, counts, randomness, mounts, power.

#include <cstring>

#include "fs/vfs/mount.hpp"
#include "gen/syscall_decl.hpp"
#include "hal/cpu.hpp"
#include "hal/timer.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/mm/file_object.hpp"
#include "kernel/mm/node.hpp"
#include "kernel/proc/table.hpp"
#include "kernel/random/random.hpp"
#include "kernel/syscall/path_argument.hpp"
#include "kernel/syscall/shutdown.hpp"
#include "kernel/time/load_average.hpp"

namespace syscall {
namespace {

struct Names {
  char host[65] = "halyard";
  char domain[65] = "(none)";
};
sync::Locked<Names, sync::LockClass::Log> g_names;

bool may(vfs::Capability capability) { return proc::current_thread().credentials->has(capability); }

Result<i64> set_name(char (&target)[65], VirtAddr name, usize size) {
  if (!may(vfs::Capability::SysAdmin)) return Err(Errno::EPERM);
  if (size > 64) return Err(Errno::EINVAL);
  char fresh[65] = {};
  TRY(mm::copy_from_user(fresh, name, size));
  g_names.with([&](Names&) { std::memcpy(target, fresh, sizeof(fresh)); });
  return 0;
}

}  // namespace

Result<i64> sys_uname(mm::UserOut<UtsName> name) {
  UtsName result{};
  const auto put = [](char(&to)[65], const char* text) { lib::format_into(to, sizeof(to), "%s", text); };
  // Programs look at the release to know what to expect of a Linux kernel.
  put(result.system, "Linux");
  put(result.release, "6.1.0-halyard");
  put(result.version, "#1 SMP PREEMPT Halyard");
  put(result.machine, hal::UserAbi::kMachineName);
  g_names.with([&](Names& names) {
    put(result.node, names.host);
    put(result.domain, names.domain);
  });
  TRY(name.put(result));
  return 0;
}

Result<i64> sys_sethostname(VirtAddr name, usize size) { return set_name(g_names.unshared().host, name, size); }
Result<i64> sys_setdomainname(VirtAddr name, usize size) { return set_name(g_names.unshared().domain, name, size); }

Result<i64> sys_sysinfo(mm::UserOut<SysInfo> info) {
  const mm::MemoryCounts memory = mm::count_frames();
  SysInfo result{};
  result.uptime = static_cast<i64>(hal::monotonic_ns() / 1'000'000'000);
  // In parts of 65,536.
  const auto loads = ktime::load_averages();
  for (usize i = 0; i < loads.size(); ++i) result.loads[i] = loads[i] * (65'536 / ktime::kLoadOne);
  result.total_ram = memory.total * kPageSize;
  result.free_ram = memory.free * kPageSize;
  result.buffer_ram = mm::g_cache_counts.devices.load() * kPageSize;
  result.unit = 1;
  result.processes = static_cast<u16>(proc::lock_table()->threads);
  TRY(info.put(result));
  return 0;
}

Result<i64> sys_getrandom(VirtAddr buffer, usize size, u32 flags) {
  constexpr u32 kNonblock = 1, kInsecure = 4;
  if ((flags & kInsecure) == 0 && !entropy::is_seeded()) {
    if ((flags & kNonblock) != 0) return Err(Errno::EAGAIN);
    TRY(entropy::wait_until_seeded());
  }
  u8 bytes[256];
  usize done = 0;
  while (done < size) {
    const usize piece = std::min(size - done, sizeof(bytes));
    entropy::fill(bytes, piece);
    const Status copied = mm::copy_to_user(buffer + done, bytes, piece);
    if (!copied) {
      if (done != 0) break;
      return Err(copied.error());
    }
    done += piece;
  }
  return static_cast<i64>(done);
}

Result<i64> sys_getcpu(mm::UserOut<u32> cpu, mm::UserOut<u32> node, VirtAddr) {
  const u32 here = hal::current_cpu()->id;
  if (cpu) TRY(cpu.put(here));
  if (node) TRY(node.put(mm::node_of_cpu(here)));
  return 0;
}

Result<i64> sys_reboot(u32 magic, u32 magic2, u32 command, VirtAddr) {
  constexpr u32 kMagic = 0xfee1dead;
  constexpr u32 kMagics[] = {672274793, 85072278, 369367448, 537993216};
  constexpr u32 kRestart = 0x01234567, kHalt = 0xcdef0123, kPowerOff = 0x4321fedc, kCadOn = 0x89abcdef, kCadOff = 0;
  if (!may(vfs::Capability::SysBoot)) return Err(Errno::EPERM);
  if (magic != kMagic || std::find(std::begin(kMagics), std::end(kMagics), magic2) == std::end(kMagics)) {
    return Err(Errno::EINVAL);
  }
  switch (command) {
    case kRestart: kernel::shut_down(kernel::Shutdown::Reboot);
    case kPowerOff: kernel::shut_down(kernel::Shutdown::PowerOff);
    case kHalt: kernel::shut_down(kernel::Shutdown::Halt);
    case kCadOn:
    case kCadOff: return 0;  // there is no Ctrl-Alt-Del that would reboot by itself
    default: return Err(Errno::EINVAL);
  }
}

Result<i64> sys_syslog(int action, VirtAddr buffer, int size) {
  constexpr int kClose = 0, kOpen = 1, kReadAll = 3, kReadClear = 4, kClear = 5, kConsoleOff = 6, kConsoleOn = 7,
                kConsoleLevel = 8, kSizeBuffer = 10;
  static std::atomic<u64> cleared = 0;
  if (action != kReadAll && action != kSizeBuffer && !may(vfs::Capability::Syslog)) return Err(Errno::EPERM);
  switch (action) {
    case kClose:
    case kOpen: return 0;
    case kReadAll:
    case kReadClear: {
      if (size < 0) return Err(Errno::EINVAL);
      auto line = TRY(lib::make_own<diag::LogLine>());
      using LineText = std::array<char, diag::kLogLineMax + 64>;
      auto text = TRY(lib::make_own<LineText>());
      const usize room = static_cast<usize>(size);
      // The newest lines that fit.
      usize total = 0;
      u64 from = diag::next_log_sequence();
      const auto render = [&] {
        return lib::format_into(text->data(), text->size(), "<%d>[%5lu.%06lu] %.*s\n", line->level,
                                line->time_ns / 1'000'000'000, line->time_ns / 1000 % 1'000'000,
                                static_cast<int>(line->length), line->text);
      };
      u64 first = cleared.load();
      while (diag::read_log(first, *line)) {
        total += render();
        first = line->sequence + 1;
      }
      const u64 end = from;
      usize skip = total > room ? total - room : 0;
      usize done = 0;
      for (u64 at = cleared.load(); at < end && diag::read_log(at, *line); at = line->sequence + 1) {
        const usize length = render();
        if (skip >= length) {
          skip -= length;
          continue;
        }
        if (skip != 0) {
          skip = 0;
          continue;
        }
        if (done + length > room) break;
        TRY(mm::copy_to_user(buffer + done, text->data(), length));
        done += length;
      }
      if (action == kReadClear) cleared.store(end);
      return static_cast<i64>(done);
    }
    case kClear: cleared.store(diag::next_log_sequence()); return 0;
    case kConsoleOff: diag::set_console_level(1); return 0;
    case kConsoleOn: diag::set_console_level(7); return 0;
    case kConsoleLevel:
      if (size < 1 || size > 8) return Err(Errno::EINVAL);
      diag::set_console_level(size);
      return 0;
    case kSizeBuffer: return static_cast<i64>(diag::kLogRingBytes);
    default: return Err(Errno::EINVAL);
  }
}

Result<i64> sys_sync() {
  static_cast<void>(vfs::sync_all());
  return 0;
}

Result<i64> sys_syncfs(int fd) {
  TRY(TRY(file_of(fd))->path().mount().file_system().sync());
  return 0;
}

Result<i64> sys_mount(mm::UserString source, mm::UserString target, mm::UserString type, u64 flags,
                      mm::UserString data) {
  constexpr u64 kRemount = 32, kBind = 4096, kMove = 8192, kPropagation = 0x1e0000;
  constexpr u32 kMountFlags = vfs::mount_flag::kOfMount | vfs::mount_flag::kSynchronous;
  constexpr u64 kMagicMask = 0xffff0000, kMagic = 0xc0ed0000;
  if (!may(vfs::Capability::SysAdmin)) return Err(Errno::EPERM);
  if ((flags & kMagicMask) == kMagic) flags &= ~kMagicMask;
  const vfs::Path point = TRY(resolve_at(kAtCurrent, target, 0));
  const u32 mount_flags = static_cast<u32>(flags) & kMountFlags;
  if ((flags & kRemount) != 0) {
    PathArgument options;
    if (data) options = TRY(PathArgument::copy(data));
    TRY(vfs::remount(point, mount_flags, options.text(), (flags & kBind) != 0));
    return 0;
  }
  if ((flags & kPropagation) != 0) return 0;  // all mounts are private, which is what is asked for, or harmless
  if ((flags & kBind) != 0) {
    TRY(vfs::bind_mount(TRY(resolve_at(kAtCurrent, source, 0)), point));
    return 0;
  }
  if ((flags & kMove) != 0) {
    TRY(vfs::move_mount(TRY(resolve_at(kAtCurrent, source, 0)), point));
    return 0;
  }
  const PathArgument type_name = TRY(PathArgument::copy(type));
  const vfs::FileSystemType* found = vfs::find_type(type_name.text());
  if (found == nullptr) return Err(Errno::ENODEV);
  PathArgument source_name, options;
  if (source) source_name = TRY(PathArgument::copy(source));
  if (data) options = TRY(PathArgument::copy(data));
  auto file_system = TRY(found->mount(source_name.text(), mount_flags, options.text(), current_context()));
  TRY(vfs::mount(point, std::move(file_system), mount_flags, source_name.text()));
  return 0;
}

Result<i64> sys_umount2(mm::UserString target, u32 flags) {
  if (!may(vfs::Capability::SysAdmin)) return Err(Errno::EPERM);
  const u32 follow = (flags & kUmountNofollow) != 0 ? kAtSymlinkNofollow : 0;
  const vfs::Path root = TRY(resolve_at(kAtCurrent, target, follow));
  TRY(vfs::unmount(root, (flags & kUmountDetach) != 0));
  return 0;
}

Result<i64> sys_pivot_root(mm::UserString new_root, mm::UserString put_old) {
  if (!may(vfs::Capability::SysAdmin)) return Err(Errno::EPERM);
  const vfs::Path fresh = TRY(resolve_at(kAtCurrent, new_root, 0));
  const vfs::Path old_place = TRY(resolve_at(kAtCurrent, put_old, 0));
  const vfs::Path old_root = proc::current_thread().directories->root();
  TRY(vfs::pivot_root(fresh, old_place, old_root));
  // Processes whose root or directory was the old root follow, as on Linux.
  auto table = proc::lock_table();
  lib::Vector<lib::Ref<proc::Directories>> affected;
  proc::for_each_process(*table, [&](proc::Process& process) {
    for (proc::Thread& thread : process.threads) {
      if (thread.directories) static_cast<void>(affected.push(thread.directories));
    }
  });
  table.unlock();
  for (auto& directories : affected) {
    if (directories->root() == old_root) directories->set_root(fresh);
    if (directories->current() == old_root) directories->set_current(fresh);
  }
  return 0;
}

}  // namespace syscall
