#include "kernel/proc/program.hpp"

#include <algorithm>
#include <cstring>

#include "fs/vfs/mount.hpp"
#include "hal/user_abi.hpp"
#include "kernel/ipc/futex.hpp"
#include "kernel/lib/defer.hpp"
#include "kernel/proc/exit.hpp"
#include "kernel/proc/load_elf.hpp"
#include "kernel/proc/send_signal.hpp"
#include "kernel/proc/vdso.hpp"
#include "kernel/random/random.hpp"
#include "kernel/sched/scheduler.hpp"

namespace proc {
namespace {

constexpr usize kMaxStrings = 2 * MiB;  // a quarter of the default stack limit, as Linux
constexpr usize kScriptLine = 256;      // BINPRM_BUF_SIZE
constexpr u32 kMaxScripts = 4;

// Auxiliary vector types (include/uapi/linux/auxvec.h).
enum class Aux : u64 {
  End = 0,
  ProgramHeaders = 3,
  HeaderSize = 4,
  HeaderCount = 5,
  PageSize = 6,
  Base = 7,
  Flags = 8,
  Entry = 9,
  Uid = 11,
  Euid = 12,
  Gid = 13,
  Egid = 14,
  Platform = 15,
  Hwcap = 16,
  ClockTick = 17,
  Secure = 23,
  Random = 25,
  Hwcap2 = 26,
  ExecName = 31,
  VdsoHeader = 33,  // AT_SYSINFO_EHDR
  MinSignalStack = 51,
};

// The places of position-independent programs, as Linux lays them out: the program two thirds up, the interpreter and
// libraries below the stack.
VirtAddr program_base() {
  const u64 pages = hal::placement_end() / 16 >> kPageShift;
  return hal::placement_end() / 3 * 2 + entropy::below(pages) * kPageSize;
}

struct NewProgram {
  lib::Ref<mm::AddressSpace> space;
  mm::ProgramLayout layout;
  VirtAddr entry = 0;
  VirtAddr stack = 0;
  MappedVdso vdso;
  bool is_secure = false;
};

// Writes downwards from the top of the new stack.
class StackWriter {
 public:
  StackWriter(mm::AddressSpace& space, VirtAddr top) : space_(space), at_(top) {}
  Result<VirtAddr> put(const void* data, usize size, usize alignment = 1) {
    at_ = align_down(at_ - size, alignment);
    TRY(space_.write_initial(at_, data, size));
    return at_;
  }
  VirtAddr at() const { return at_; }

 private:
  mm::AddressSpace& space_;
  VirtAddr at_;
};

Result<VirtAddr> map_stack(mm::AddressSpace& space) {
  constexpr u64 kInitial = 128 * KiB;
  const VirtAddr top = align_down(hal::placement_end(), kPageSize) - kPageSize - entropy::below(2048) * kPageSize;
  mm::MapRequest request;
  request.size = kInitial;
  request.address = top - kInitial;
  request.protection = mm::Protection::Read | mm::Protection::Write;
  request.flags.grows_down = true;
  request.label = "[stack]";
  request.fixed = true;
  TRY(space.map(std::move(request)));
  return top;
}

// argc, argv, envp and the auxiliary vector, as a program finds them at its stack pointer (System V ABI, 3.4.1).
Status build_stack(NewProgram& program, const ProgramRequest& request, const ElfFile& elf, const LoadedElf& loaded,
                   VirtAddr interpreter_base) {
  mm::AddressSpace& space = *program.space;
  const VirtAddr top = TRY(map_stack(space));
  StackWriter writer(space, top);
  const u64 end_marker = 0;
  TRY(writer.put(&end_marker, sizeof(end_marker)));
  const VirtAddr exec_name = TRY(writer.put(request.path.data(), request.path.size()));
  const auto environment = request.environment.bytes();
  const auto arguments = request.arguments.bytes();
  program.layout.environment_start = TRY(writer.put(environment.data(), environment.size()));
  program.layout.environment_end = program.layout.environment_start + environment.size();
  program.layout.arguments_start = TRY(writer.put(arguments.data(), arguments.size()));
  program.layout.arguments_end = program.layout.arguments_start + arguments.size();
  const char* platform_name = hal::UserAbi::kPlatform;
  const VirtAddr platform = TRY(writer.put(platform_name, std::strlen(platform_name) + 1));
  u8 seed[16];
  entropy::fill(seed, sizeof(seed));
  const VirtAddr seed_at = TRY(writer.put(seed, sizeof(seed), 16));

  lib::Vector<u64> words;
  TRY(words.reserve(request.arguments.count() + request.environment.count() + 64));
  TRY(words.push(request.arguments.count()));
  const auto push_pointers = [&](std::span<const char> bytes, VirtAddr start) -> Status {
    for (usize at = 0; at < bytes.size(); at += std::strlen(&bytes[at]) + 1) TRY(words.push(start + at));
    return words.push(0);
  };
  TRY(push_pointers(arguments, program.layout.arguments_start));
  TRY(push_pointers(environment, program.layout.environment_start));
  const auto aux = [&](Aux type, u64 value) -> Status {
    TRY(words.push(static_cast<u64>(type)));
    return words.push(value);
  };
  const vfs::Credentials& who = *current_thread().credentials;
  TRY(aux(Aux::VdsoHeader, program.vdso.header));
  TRY(aux(Aux::ProgramHeaders, loaded.program_headers));
  TRY(aux(Aux::HeaderSize, sizeof(lib::elf::ProgramHeader)));
  TRY(aux(Aux::HeaderCount, elf.program_headers.size()));
  TRY(aux(Aux::PageSize, kPageSize));
  TRY(aux(Aux::Base, interpreter_base));
  TRY(aux(Aux::Flags, 0));
  TRY(aux(Aux::Entry, loaded.entry));
  TRY(aux(Aux::Uid, who.uid));
  TRY(aux(Aux::Euid, who.euid));
  TRY(aux(Aux::Gid, who.gid));
  TRY(aux(Aux::Egid, who.egid));
  TRY(aux(Aux::Secure, program.is_secure ? 1 : 0));
  TRY(aux(Aux::Random, seed_at));
  TRY(aux(Aux::Hwcap, hal::user_hwcap()));
  TRY(aux(Aux::Hwcap2, hal::user_hwcap2()));
  TRY(aux(Aux::ClockTick, 100));
  TRY(aux(Aux::ExecName, exec_name));
  if (platform_name[0] != 0) TRY(aux(Aux::Platform, platform));
  TRY(aux(Aux::MinSignalStack, hal::UserAbi::min_signal_stack()));
  TRY(aux(Aux::End, 0));
  // The stack pointer is a multiple of 16 at the entry.
  const usize size = words.size() * sizeof(u64);
  program.stack = align_down(writer.at() - size, 16);
  program.layout.stack_start = program.stack;
  return space.write_initial(program.stack, words.data(), size);
}

vfs::WalkContext context_of(Thread& self) {
  return {self.directories->root(), self.directories->current(), *self.credentials};
}

Result<NewProgram> load(Thread& self, const ProgramRequest& request) {
  NewProgram program;
  const ElfFile elf = TRY(ElfFile::read(request.file));
  const lib::Vector<char> interpreter_path = TRY(elf.interpreter());
  program.space = TRY(mm::AddressSpace::create());
  lib::Defer drop_space([&] { program.space->remove_user(); });
  const LoadedElf loaded = TRY(map_elf(*program.space, elf, program_base()));
  program.entry = loaded.entry;
  VirtAddr interpreter_base = 0;
  if (!interpreter_path.empty()) {
    const std::string_view path(interpreter_path.data(), interpreter_path.size() - 1);
    const ElfFile interpreter = TRY(ElfFile::read(TRY(open_program(context_of(self), path))));
    const auto extent = TRY(lib::elf::extent_of(interpreter.program_headers));
    // Reserve a place for it first, so that it does not meet the program.
    mm::MapRequest place;
    place.size = extent.end - extent.start;
    const VirtAddr base = TRY(program.space->map(std::move(place)));
    TRY(program.space->unmap(base, extent.end - extent.start));
    const LoadedElf linker = TRY(map_elf(*program.space, interpreter, base));
    program.entry = linker.entry;
    interpreter_base = linker.bias;
  }
  program.layout.code_start = loaded.code_start;
  program.layout.code_end = loaded.code_end;
  program.layout.data_start = loaded.data_start;
  program.layout.data_end = loaded.data_end;
  program.layout.break_start = program.layout.break_end =
      align_up(loaded.end, kPageSize) + entropy::below(8192) * kPageSize;
  program.vdso = TRY(map_vdso(*program.space));
  TRY(build_stack(program, request, elf, loaded, interpreter_base));
  program.space->set_layout(program.layout);
  drop_space.dismiss();
  return program;
}

// "#! interpreter [one argument]": puts them before the script's name, and opens the interpreter instead.
Result<bool> redirect_script(Thread& self, ProgramRequest& request) {
  char line[kScriptLine + 1];
  u64 position = 0;
  vfs::ReadBuffer buffer = vfs::ReadBuffer::kernel(line, kScriptLine);
  const usize length = TRY(request.file->read(buffer, position));
  if (length < 2 || line[0] != '#' || line[1] != '!') return false;
  std::string_view text(line + 2, length - 2);
  const usize end = text.find('\n');
  if (end == std::string_view::npos && length == kScriptLine) return Err(Errno::ENOEXEC);
  text = text.substr(0, end);
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (text.empty()) return Err(Errno::ENOEXEC);
  const usize name_end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view interpreter = text.substr(0, name_end);
  std::string_view argument = text.substr(name_end);
  while (!argument.empty() && is_space(argument.front())) argument.remove_prefix(1);
  // argv becomes: interpreter, argument, script, the rest of the old argv.
  TRY(request.arguments.replace_first({request.path.data(), request.path.size() - 1}));
  if (!argument.empty()) TRY(request.arguments.prepend(argument));
  TRY(request.arguments.prepend(interpreter));
  request.file = TRY(open_program(context_of(self), interpreter));
  return true;
}

// Set-user-ID and set-group-ID, with their effect on powers.
Result<lib::Ref<const vfs::Credentials>> credentials_for(Thread& self, vfs::File& file, bool* secure) {
  const vfs::Attributes attributes = file.inode()->attributes();
  const bool honoured = (file.path().mount().flags() & vfs::mount_flag::kNosuid) == 0;
  auto fresh = TRY(self.credentials->clone());
  if (honoured && (attributes.permissions & vfs::kSetUid) != 0) fresh->euid = attributes.uid;
  if (honoured && (attributes.permissions & (vfs::kSetGid | 010)) == (vfs::kSetGid | 010)) fresh->egid = attributes.gid;
  fresh->suid = fresh->fsuid = fresh->euid;
  fresh->sgid = fresh->fsgid = fresh->egid;
  const bool root = fresh->euid == 0;
  fresh->permitted = root || fresh->uid == 0 ? fresh->bounding : 0;
  fresh->effective = root ? fresh->permitted : 0;
  *secure = fresh->uid != fresh->euid || fresh->gid != fresh->egid;
  return lib::Ref<const vfs::Credentials>(fresh);
}

// All other threads of the process end; the caller takes over the process's own number.
Status become_only_thread(Thread& self) {
  Process& process = *self.process;
  {
    auto table = lock_table();
    if (process.is_exiting || process.exec_thread != nullptr) return Err(Errno::EAGAIN);
    if (process.thread_count == 1 && self.tid == process.pid) return {};
    process.exec_thread = &self;
    for (Thread& other : process.threads) {
      if (&other != &self) interrupt_thread(other);
    }
  }
  static_cast<void>(process.threads_changed.wait([&] {
    auto table = lock_table();
    return process.thread_count == 1;
  }));
  PidEntry* unused = nullptr;
  {
    auto table = lock_table();
    process.exec_thread = nullptr;
    if (self.tid != process.pid) {
      table->find(self.tid)->thread = nullptr;
      unused = table->retire(self.tid);
      self.tid = process.pid;
      table->find(self.tid)->thread = &self;
    }
  }
  lib::destroy(unused);
  return {};
}

void reset_signals(Thread& self) {
  auto handlers = self.handlers->state.lock();
  for (SignalAction& action : handlers->actions) {
    const bool ignored = action.handler == kIgnoreHandler;
    action = SignalAction();
    if (ignored) action.handler = kIgnoreHandler;
  }
}

void end_vfork(Thread& self) {
  auto table = lock_table();
  if (self.vfork_done != nullptr) std::exchange(self.vfork_done, nullptr)->wake_all();
}

std::string_view base_name(std::string_view path) {
  const usize slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// Cannot fail: the new program takes the old one's place.
void commit(Thread& self, NewProgram& program, ProgramRequest& request, lib::Ref<vfs::File> named,
            lib::Ref<const vfs::Credentials> credentials, lib::Ref<SignalHandlers> handlers) {
  ipc::release_robust_list(self.robust_list, self.tid);
  self.robust_list = 0;
  self.clear_child_tid = 0;
  self.alternate_stack = AlternateStack();
  self.trampoline = program.vdso.sigreturn;
  self.in_syscall = false;
  lib::Ref<mm::AddressSpace> old = std::exchange(self.memory, program.space);
  sched::use_address_space(self.memory.get());
  end_vfork(self);
  if (old) old->remove_user();
  {
    auto table = lock_table();
    std::swap(self.process->executable, named);
    std::swap(self.credentials, credentials);
    std::swap(self.handlers, handlers);
    self.process->has_execed = true;
    self.process->death_signal = signal_number::kChild;
    self.process->parent_death_signal = program.is_secure ? 0 : self.process->parent_death_signal;
  }
  reset_signals(self);
  self.files->close_for_exec();
  sched::set_name(self, base_name({request.path.data(), request.path.size() - 1}));
  hal::TrapFrame& frame = *hal::user_frame(self.kernel_stack_top);
  hal::reset_user_registers(frame, self.context, program.entry, program.stack);
}

}  // namespace

Status StringList::add(std::string_view text) {
  if (bytes_.size() + text.size() + 1 > kMaxStrings) return Err(Errno::E2BIG);
  const usize at = bytes_.size();
  TRY(bytes_.resize(at + text.size() + 1));
  std::memcpy(bytes_.data() + at, text.data(), text.size());
  ++count_;
  return {};
}

Status StringList::prepend(std::string_view text) {
  const usize old = bytes_.size();
  TRY(add(text));
  std::rotate(bytes_.begin(), bytes_.begin() + old, bytes_.end());
  return {};
}

Status StringList::replace_first(std::string_view text) {
  if (count_ != 0) {
    const usize length = std::strlen(bytes_.data()) + 1;
    std::copy(bytes_.begin() + length, bytes_.end(), bytes_.begin());
    TRY(bytes_.resize(bytes_.size() - length));
    --count_;
  }
  return prepend(text);
}

Status StringList::add_from_user(VirtAddr array) {
  constexpr usize kMaxString = 128 * KiB;  // MAX_ARG_STRLEN
  lib::Vector<char> text;
  TRY(text.resize(kPageSize));
  for (usize index = 0; array != 0; ++index) {
    const VirtAddr pointer = TRY(mm::UserIn<VirtAddr>(array).get(index));
    if (pointer == 0) break;
    auto length = mm::UserString(pointer).copy(text, Errno::E2BIG);
    if (!length && length.error() == Errno::E2BIG && text.size() < kMaxString) {
      TRY(text.resize(kMaxString));
      length = mm::UserString(pointer).copy(text, Errno::E2BIG);
    }
    TRY(add({text.data(), TRY(std::move(length))}));
  }
  return {};
}

Result<lib::Ref<vfs::File>> open_program(const vfs::WalkContext& context, std::string_view path) {
  const vfs::Path place = TRY(vfs::resolve(context, path));
  return open_program_at(place, context.who);
}

Result<lib::Ref<vfs::File>> open_program_at(const vfs::Path& place, const vfs::Credentials& who) {
  lib::Ref<vfs::Inode> inode = place.inode();
  if (inode->type() != vfs::FileType::Regular) return Err(Errno::EACCES);
  if ((place.mount().flags() & vfs::mount_flag::kNoexec) != 0) return Err(Errno::EACCES);
  TRY(vfs::check_permission(*inode, who, vfs::Permission::Execute));
  // Execute permission is enough: a program need not be readable.
  return inode->open(place, vfs::open_flag::kReadOnly, who);
}

Status execute(ProgramRequest request) {
  Thread& self = current_thread();
  lib::Ref<vfs::File> named = request.file;
  for (u32 scripts = 0; TRY(redirect_script(self, request)); ++scripts) {
    if (scripts == kMaxScripts) return Err(Errno::ELOOP);
  }
  bool secure = false;
  // Scripts do not run set-user-ID: the file that counts is the one that is loaded.
  auto credentials = TRY(credentials_for(self, *request.file, &secure));
  NewProgram program = TRY(load(self, request));
  program.is_secure = secure;
  lib::Defer drop_space([&] { program.space->remove_user(); });
  auto handlers = TRY(self.handlers->clone());
  auto files = TRY(self.files->clone());
  TRY(become_only_thread(self));
  drop_space.dismiss();
  self.files = std::move(files);
  commit(self, program, request, std::move(named), std::move(credentials), std::move(handlers));
  return {};
}

VirtAddr signal_trampoline(const Thread& thread) { return thread.trampoline; }

}  // namespace proc
