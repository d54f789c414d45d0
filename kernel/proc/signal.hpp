// Signals: sets, actions, queues.
//
// Each thread has a mask and a queue of its own, each process a queue for signals to any of its threads; the actions
// are shared by threads (CLONE_SIGHAND). One spinning lock, in SignalHandlers, guards the actions and the queues of all
// threads and processes that share them.
#pragma once

#include <array>

#include "kernel/lib/list.hpp"
#include "kernel/lib/ref.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/sync/locked.hpp"

namespace proc {

// Linux's numbers, the same on all three architectures (include/uapi/asm-generic/signal.h).
namespace signal_number {
inline constexpr int kHup = 1, kInt = 2, kQuit = 3, kIll = 4, kTrap = 5, kAbort = 6, kBus = 7, kFpe = 8, kKill = 9,
                     kUser1 = 10, kSegv = 11, kUser2 = 12, kPipe = 13, kAlarm = 14, kTerm = 15, kStkflt = 16,
                     kChild = 17, kCont = 18, kStop = 19, kTstp = 20, kTtin = 21, kTtou = 22, kUrg = 23, kXcpu = 24,
                     kXfsz = 25, kVtalarm = 26, kProf = 27, kWinch = 28, kIo = 29, kPower = 30, kSys = 31;
inline constexpr int kFirstRealtime = 32, kLast = 64;
}  // namespace signal_number

// A set as the interface has it: signal n is bit n - 1.
struct SignalSet {
  u64 bits = 0;
  static constexpr SignalSet of(int signal) { return {u64{1} << (signal - 1)}; }
  constexpr bool has(int signal) const { return (bits >> (signal - 1) & 1) != 0; }
  constexpr void add(int signal) { bits |= u64{1} << (signal - 1); }
  constexpr void remove(int signal) { bits &= ~(u64{1} << (signal - 1)); }
  constexpr bool empty() const { return bits == 0; }
  constexpr SignalSet operator&(SignalSet o) const { return {bits & o.bits}; }
  constexpr SignalSet operator|(SignalSet o) const { return {bits | o.bits}; }
  constexpr SignalSet operator~() const { return {~bits}; }
};
// Cannot be caught, blocked or ignored.
inline constexpr SignalSet kUnblockable = {(u64{1} << 8) | (u64{1} << 18)};

// siginfo_t: 128 bytes. The layout is that of 64-bit Linux (include/uapi/asm-generic/siginfo.h).
struct SignalInfo {
  i32 signal = 0;
  i32 error = 0;
  i32 code = 0;
  i32 padding = 0;
  union {
    struct {
      i32 pid;
      u32 uid;
      u64 value;
    } sender;
    struct {
      i32 pid;
      u32 uid;
      i32 status;
      i32 padding;
      i64 user_time, system_time;
    } child;
    struct {
      u64 address;
    } fault;
    struct {
      i32 timer;
      i32 overrun;
      u64 value;
    } timer;
    u8 bytes[112];
  };
  SignalInfo() : bytes{} {}
};
static_assert(sizeof(SignalInfo) == 128);

namespace signal_code {
inline constexpr i32 kUser = 0, kKernel = 0x80, kQueue = -1, kTimer = -2, kTkill = -6;
inline constexpr i32 kExited = 1, kKilled = 2, kDumped = 3, kTrapped = 4, kStopped = 5, kContinued = 6;
}  // namespace signal_code

namespace action_flag {
inline constexpr u64 kNoChildStop = 1, kNoChildWait = 2, kInfo = 4, kRestorer = 0x04000000, kOnStack = 0x08000000,
                     kRestart = 0x10000000, kNoDefer = 0x40000000, kResetHand = 0x80000000;
}

inline constexpr VirtAddr kDefaultHandler = 0, kIgnoreHandler = 1;

struct SignalAction {
  VirtAddr handler = kDefaultHandler;
  u64 flags = 0;
  VirtAddr restorer = 0;
  SignalSet mask;
};

enum class DefaultAction : u8 { Terminate, Core, Ignore, Stop, Continue };
DefaultAction default_action(int signal);

struct QueuedSignal : lib::ListNode {
  SignalInfo info;
};

// Signals that wait. Standard ones wait once, real-time ones as often as they were sent.
class SignalQueue {
 public:
  ~SignalQueue();
  SignalSet pending() const { return pending_; }
  // `entry` (may be null: the signal is then delivered without details) is taken over, or left with the caller when a
  // standard signal waits already: false.
  [[nodiscard]] bool push(int signal, QueuedSignal* entry);
  // The lowest signal of `allowed` with its details; 0 if none. The caller destroys *entry (may be null).
  int take(SignalSet allowed, QueuedSignal** entry);
  // Drops all of `signals`.
  void discard(SignalSet signals);

 private:
  SignalSet pending_;
  lib::List<QueuedSignal> queue_;
};

struct SignalHandlers : lib::RefCounted<SignalHandlers> {
  struct State {
    std::array<SignalAction, 64> actions;
    SignalAction& of(int signal) { return actions[static_cast<usize>(signal - 1)]; }
  };
  sync::Locked<State, sync::LockClass::Signals> state;
  Result<lib::Ref<SignalHandlers>> clone();
};

struct AlternateStack {
  VirtAddr base = 0;
  u64 size = 0;
  u32 flags = 2;  // SS_DISABLE
};

}  // namespace proc
