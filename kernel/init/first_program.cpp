#include "kernel/init/first_program.hpp"

#include <cstring>

#include "fs/initramfs/unpack.hpp"
#include "fs/tmpfs/tmpfs.hpp"
#include "fs/vfs/mount.hpp"
#include "hal/layout.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/init/stage.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/mm/frame.hpp"
#include "kernel/mm/init.hpp"
#include "kernel/proc/clone.hpp"
#include "kernel/proc/program.hpp"
#include "kernel/sched/scheduler.hpp"

namespace kernel {
namespace {

constexpr const char* kCandidates[] = {"/init", "/sbin/init", "/etc/init", "/bin/init", "/bin/sh"};

Status make_first_root() {
  lib::Ref<vfs::FileSystem> root = TRY(tmpfs::Tmpfs::create("rootfs", 0755, mm::count_frames().total));
  return vfs::mount_first_root(std::move(root));
}

void unpack_initramfs(const hal::PhysRange& range) {
  if (range.empty()) {
    LOG_WARNING("init", "there is no initramfs");
    return;
  }
  const lib::Ref<vfs::Credentials> root = lib::make_ref<vfs::Credentials>().value_or(nullptr);
  K_ASSERT(static_cast<bool>(root), "no memory for the first root");
  const vfs::WalkContext context{vfs::first_root(), vfs::first_root(), *root};
  const auto unpacked = initramfs::unpack({hal::phys_to<const u8>(range.base), range.size}, context);
  if (unpacked) LOG_INFO("init", "initramfs: %u entries, %lu KiB", unpacked->entries, range.size / KiB);
  mm::give_back_boot_memory(range.base, range.size);
}

lib::Vector<char> with_nul(std::string_view text) {
  lib::Vector<char> bytes;
  K_ASSERT(bytes.resize(text.size() + 1).has_value(), "no memory for the first program");
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

// /dev/console as descriptors 0, 1 and 2, if it is there.
void open_console(proc::Thread& self) {
  const vfs::WalkContext context{self.directories->root(), self.directories->current(), *self.credentials};
  auto console = vfs::open(context, "/dev/console", vfs::open_flag::kReadWrite, 0);
  if (!console) {
    LOG_WARNING("init", "there is no /dev/console (error %d)", static_cast<int>(console.error()));
    return;
  }
  for (int fd = 0; fd < 3; ++fd) static_cast<void>(self.files->install(*console, false, 16));
}

Status try_program(proc::Thread& self, std::string_view path) {
  const vfs::WalkContext context{self.directories->root(), self.directories->current(), *self.credentials};
  proc::ProgramRequest request;
  request.file = TRY(proc::open_program(context, path));
  request.path = with_nul(path);
  TRY(request.arguments.add(path));
  TRY(request.environment.add("HOME=/"));
  TRY(request.environment.add("TERM=linux"));
  return proc::execute(std::move(request));
}

void run_first_program() {
  proc::Thread& self = proc::current_thread();
  open_console(self);
  const lib::CommandLine options(the_kernel().boot().command_line);
  stage_done("[INIT] Starting init process");
  if (const auto chosen = options.value("init")) {
    const Status tried = try_program(self, *chosen);
    if (tried) return;
    diag::panic("init=%.*s does not start (error %d)", static_cast<int>(chosen->size()), chosen->data(),
                static_cast<int>(tried.error()));
  }
  for (const char* candidate : kCandidates) {
    const Status tried = try_program(self, candidate);
    if (tried) return;
    if (tried.error() != Errno::ENOENT) LOG_ERROR("init", "%s: error %d", candidate, static_cast<int>(tried.error()));
  }
  diag::panic("no init found: give an initramfs that has /init, or init= on the command line");
}

}  // namespace

void start_first_program(Kernel& kernel) {
  K_ASSERT(make_first_root().has_value(), "no memory for the first root");
  unpack_initramfs(kernel.boot().initramfs);
  const auto thread = proc::make_first_process(vfs::first_root(), run_first_program);
  K_ASSERT(thread.has_value(), "no memory for the first process");
  sched::set_name(**thread, "init");
  sched::start(**thread);
}

}  // namespace kernel
