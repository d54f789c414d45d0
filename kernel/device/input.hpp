// Input devices and who reads them.
//
// A device owns nothing of its readers: each open file is in the device's list from its making to its end and keeps the
// device alive. The device's lock guards the list and every reader's ring.
#pragma once

#include "kernel/driver_loader.h"
#include "kernel/lib/list.hpp"
#include "kernel/lib/ref.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/sync/locked.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace device {

// What programs read (struct input_event of Linux's 64-bit architectures).
struct InputEvent {
  i64 seconds, microseconds;
  u16 type, code;
  i32 value;
};
static_assert(sizeof(InputEvent) == 24);

namespace input_code {
inline constexpr u16 kSynchronize = 0;  // EV_SYN, and its codes
inline constexpr u16 kReport = 0, kDropped = 3;
inline constexpr u16 kKey = 1;  // EV_KEY
}  // namespace input_code

// What one reader has yet to read. Under the device's lock.
struct InputReader : lib::ListNode {
  static constexpr u32 kMost = 256;
  InputEvent ring[kMost];
  u32 first = 0, count = 0;
  u32 complete = 0;  // how many of them belong to complete changes
  sync::WaitQueue changed;

  void push(const InputEvent& event);
  u32 take(InputEvent* to, u32 most);
};

class InputDevice : public lib::RefCounted<InputDevice> {
 public:
  InputDevice(const input_info_t& info, const hal_device_t* hardware, u32 number);
  static void destroy_last(InputDevice* self) { lib::destroy(self); }

  void report(u16 type, u16 code, i32 value);
  // Where the device has lamps. Any context.
  void show_leds(u32 leds);
  void leave();

  struct Readers {
    lib::List<InputReader> list;
    bool is_gone = false;
  };
  sync::Locked<Readers, sync::LockClass::EventSource> readers;
  const u32 number;
  char name[sizeof(input_info_t::name)];
  u16 bus = 0, vendor = 0, product = 0, version = 0;

 private:
  void (*set_leds_)(void* context, u32 leds) = nullptr;
  void* driver_context_ = nullptr;
};

// Who hears of every key of every device (Linux's KEY_*; 0 released, 1 pressed, 2 repeated), in the context of the
// driver's report, without locks of this room. One; during initialization.
using KeyListener = void (*)(u16 code, i32 value);
void set_key_listener(KeyListener listener);
// Lights these lamps (INPUT_LED_*) of all devices. Any context.
void set_leds(u32 leds);

// The device behind a minor number; null.
lib::Ref<InputDevice> find_input(u32 number);

}  // namespace device
