#include "kernel/proc/signal.hpp"

#include <bit>

#include "kernel/lib/allocate.hpp"

namespace proc {

using namespace signal_number;

DefaultAction default_action(int signal) {
  switch (signal) {
    case kQuit:
    case kIll:
    case kTrap:
    case kAbort:
    case kBus:
    case kFpe:
    case kSegv:
    case kXcpu:
    case kXfsz:
    case kSys: return DefaultAction::Core;
    case kChild:
    case kUrg:
    case kWinch: return DefaultAction::Ignore;
    case kStop:
    case kTstp:
    case kTtin:
    case kTtou: return DefaultAction::Stop;
    case kCont: return DefaultAction::Continue;
    default: return DefaultAction::Terminate;
  }
}

SignalQueue::~SignalQueue() { discard({~u64{0}}); }

bool SignalQueue::push(int signal, QueuedSignal* entry) {
  if (signal < kFirstRealtime && pending_.has(signal)) return false;
  pending_.add(signal);
  if (entry != nullptr) queue_.push_back(*entry);
  return true;
}

int SignalQueue::take(SignalSet allowed, QueuedSignal** entry) {
  *entry = nullptr;
  const SignalSet ready = pending_ & allowed;
  if (ready.empty()) return 0;
  // Faults of the thread itself come before what others sent (Linux: SYNCHRONOUS_MASK).
  constexpr SignalSet synchronous = {SignalSet::of(kSegv).bits | SignalSet::of(kBus).bits | SignalSet::of(kIll).bits |
                                     SignalSet::of(kTrap).bits | SignalSet::of(kFpe).bits | SignalSet::of(kSys).bits};
  const SignalSet first = (ready & synchronous).empty() ? ready : ready & synchronous;
  const int signal = std::countr_zero(first.bits) + 1;
  bool more = false;
  for (auto at = queue_.begin(); at != queue_.end();) {
    QueuedSignal& queued = *at++;
    if (queued.info.signal != signal) continue;
    if (*entry != nullptr) {
      more = true;
      break;
    }
    queue_.erase(queue_.iterator_to(queued));
    *entry = &queued;
  }
  if (!more) pending_.remove(signal);
  return signal;
}

void SignalQueue::discard(SignalSet signals) {
  pending_ = pending_ & ~signals;
  for (auto at = queue_.begin(); at != queue_.end();) {
    QueuedSignal& queued = *at++;
    if (!signals.has(queued.info.signal)) continue;
    queue_.erase(queue_.iterator_to(queued));
    lib::destroy(&queued);
  }
}

Result<lib::Ref<SignalHandlers>> SignalHandlers::clone() {
  auto copy = TRY(lib::make_ref<SignalHandlers>());
  state.with([&](State& from) { copy->state.unshared() = from; });
  return copy;
}

}  // namespace proc
