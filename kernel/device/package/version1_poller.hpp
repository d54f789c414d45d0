// Version 1 has no word for "something has come", so its network and input drivers are asked again and again, by a
// thread of the device's own.
//
// The owner starts it once and stops it before what it calls goes. start() and stop() are for one thread at a time.
#pragma once

#include "kernel/lib/ref.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace device {

class Poller {
 public:
  // Returns how many milliseconds may pass until the next call. May sleep.
  using Function = u32 (*)(void* context);

  // ENOMEM. May sleep.
  Status start(Function function, void* context);
  // Afterwards the function is not running and will not. Accepts one that was not started. Not from the function. May
  // sleep.
  void stop();

 private:
  // The thread's, too: it may touch this after the owner has gone on.
  struct State : lib::RefCounted<State> {
    static void destroy_last(State* self) { lib::destroy(self); }
    Function function = nullptr;
    void* context = nullptr;
    std::atomic<bool> is_leaving = false;
    std::atomic<bool> has_left = false;
    sync::WaitQueue changed;
  };
  static void run(void* state);

  lib::Ref<State> state_;
};

}  // namespace device
