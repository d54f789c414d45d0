// What differs between the Linux user interfaces of the architectures.
//
// <arch_impl/user_abi.hpp> offers the class hal::arch::UserAbi with what the concept below names; portable code fills
// and reads the structures by their fields' names and never knows their layout.
#pragma once

#include <arch_impl/user_abi.hpp>

#include <span>

#include "hal/context.hpp"
#include "kernel/lib/result.hpp"

namespace hal {

using arch::UserAbi;

// A signal that is to be delivered to a handler of the calling thread.
struct SignalDelivery {
  int signal = 0;
  VirtAddr handler = 0;
  VirtAddr restorer = 0;      // sa_restorer if SA_RESTORER was set, else 0: use `trampoline`
  VirtAddr trampoline = 0;    // user address of the vDSO's rt_sigreturn code
  u64 saved_mask = 0;         // goes into uc_sigmask
  VirtAddr stack_top = 0;     // where the frame goes below: the alternate stack's end, or the stack pointer
  bool on_alternate = false;  // stack_top is an alternate stack (no red zone to step over)
  // uc_stack
  VirtAddr alternate_base = 0;
  u64 alternate_size = 0;
  u32 alternate_flags = 0;
  std::span<const u8> info;  // siginfo_t, 128 bytes
};

// Writes the frame to the user's stack and redirects `frame` to the handler. EFAULT if the stack cannot be written:
// nothing was changed then. Saves live FPU state into the frame. May sleep.
Status push_signal_frame(TrapFrame& frame, ThreadState& state, const SignalDelivery& delivery);

struct SignalReturn {
  u64 mask = 0;
  VirtAddr alternate_base = 0;
  u64 alternate_size = 0;
  u32 alternate_flags = 0;
};
// rt_sigreturn: reads the frame back. Privileged bits of what the user wrote are ignored or refused. EFAULT if it
// cannot be read. May sleep.
Result<SignalReturn> pop_signal_frame(TrapFrame& frame, ThreadState& state);

// AT_HWCAP and AT_HWCAP2.
u64 user_hwcap();
u64 user_hwcap2();

// Architecture-specific system calls that have no counterpart elsewhere (arch_prctl on x86-64, riscv_hwprobe and
// riscv_flush_icache on RISC-V). ENOSYS where the architecture has none under that name.
Result<i64> sys_arch_prctl(ThreadState& state, u64 code, VirtAddr address);
Result<i64> sys_riscv_flush_icache(VirtAddr start, VirtAddr end, u64 flags);

template <class A>
concept UserAbiOf = requires(typename A::Stat stat) {
  { A::kElfMachine } -> std::convertible_to<u16>;
  { A::kMachineName } -> std::convertible_to<const char*>;  // uname's machine
  { A::kPlatform } -> std::convertible_to<const char*>;     // AT_PLATFORM; empty: none
  { A::kODirect } -> std::convertible_to<u32>;
  { A::kODirectory } -> std::convertible_to<u32>;
  { A::kONofollow } -> std::convertible_to<u32>;
  { A::kOLargefile } -> std::convertible_to<u32>;
  { A::kEpollEventPacked } -> std::convertible_to<bool>;      // no padding between events and data
  { A::kCloneTlsFirst } -> std::convertible_to<bool>;         // clone's last two arguments: tls, child_tid
  { A::kSigactionHasRestorer } -> std::convertible_to<bool>;  // struct sigaction has sa_restorer
  { A::kRestartSyscall } -> std::convertible_to<u64>;         // restart_syscall's number
  { A::min_signal_stack() } -> std::same_as<u64>;             // AT_MINSIGSTKSZ
  stat.st_dev;
  stat.st_ino;
  stat.st_mode;
  stat.st_nlink;
  stat.st_uid;
  stat.st_gid;
  stat.st_rdev;
  stat.st_size;
  stat.st_blksize;
  stat.st_blocks;
  stat.st_atime;
  stat.st_atime_nsec;
  stat.st_mtime;
  stat.st_mtime_nsec;
  stat.st_ctime;
  stat.st_ctime_nsec;
};
static_assert(UserAbiOf<UserAbi>);

}  // namespace hal
