// What input drivers call (kernel/driver_loader.h), and the devices by number.
#include "kernel/device/input.hpp"

#include <cstring>

#include "fs/devfs/devfs.hpp"
#include "kernel/device/device.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/time/wall_clock.hpp"

namespace device {
namespace {

// Linux's numbers of evdev (Documentation/admin-guide/devices.txt).
constexpr u32 kInputMajor = 13, kFirstMinor = 64;
constexpr u32 kMostInputs = 32;
constexpr i64 kNsPerSecond = 1'000'000'000;
constexpr u16 kBusPci = 1, kBusVirtual = 6, kBusHost = 0x19;
// The structure as it was up to minor 2.
constexpr usize kSmallestInfo = offsetof(input_info_t, set_leds);

// A device's slot stays taken when it has gone: a late event must not reach another one. The pointers are for
// input_event(), which takes no lock.
struct Inputs {
  lib::Ref<InputDevice> devices[kMostInputs];
  u32 count = 0;
};
sync::Locked<Inputs, sync::LockClass::Devices> g_inputs;
std::atomic<InputDevice*> g_by_handle[kMostInputs + 1];
std::atomic<KeyListener> g_key_listener = nullptr;
std::atomic<u32> g_leds = 0;

u16 bus_of(const hal_device_t* hardware) {
  if (hardware == nullptr) return kBusVirtual;
  return hardware->bus == HAL_BUS_PCI ? kBusPci : hardware->bus == HAL_BUS_ACPI ? kBusHost : kBusVirtual;
}

struct NodeName {
  char text[24];
  explicit NodeName(u32 number) { lib::format_into(text, sizeof(text), "input/event%u", number); }
};

Result<driver_handle_t> add_input(const input_info_t& info, const hal_device_t* hardware) {
  return g_inputs.with([&](Inputs& inputs) -> Result<driver_handle_t> {
    if (inputs.count == kMostInputs) return Err(Errno::ENOMEM);
    auto fresh = TRY(lib::make_ref<InputDevice>(info, hardware, inputs.count));
    g_by_handle[inputs.count + 1].store(fresh.get(), std::memory_order_release);
    inputs.devices[inputs.count] = std::move(fresh);
    return ++inputs.count;
  });
}

}  // namespace

void InputReader::push(const InputEvent& event) {
  const auto put = [&](const InputEvent& one) { ring[(first + count++) % kMost] = one; };
  if (count == kMost) {
    // Who does not read loses all of it, and is told.
    first = count = complete = 0;
    InputEvent lost = event;
    lost.type = input_code::kSynchronize;
    lost.code = input_code::kDropped;
    lost.value = 0;
    put(lost);
  }
  put(event);
  if (event.type == input_code::kSynchronize) complete = count;
}

u32 InputReader::take(InputEvent* to, u32 most) {
  u32 taken = 0;
  while (taken < most && taken < complete) to[taken++] = ring[first++ % kMost];
  first %= kMost;
  count -= taken;
  complete -= taken;
  return taken;
}

InputDevice::InputDevice(const input_info_t& info, const hal_device_t* hardware, u32 input_number)
    : number(input_number) {
  std::memcpy(name, info.name, sizeof(name));
  name[sizeof(name) - 1] = 0;
  bus = bus_of(hardware);
  if (info.size >= sizeof(info)) {
    set_leds_ = info.set_leds;
    driver_context_ = info.context;
  }
  if (hardware == nullptr) return;
  vendor = hardware->vendor;
  product = hardware->device;
  version = hardware->revision;
}

void InputDevice::report(u16 type, u16 code, i32 value) {
  const i64 now = ktime::wall_clock_ns();
  const InputEvent event{now / kNsPerSecond, now % kNsPerSecond / 1000, type, code, value};
  readers.with([&](Readers& who) {
    for (InputReader& reader : who.list) {
      reader.push(event);
      if (type == input_code::kSynchronize) reader.changed.wake_all();
    }
  });
  const KeyListener listener = g_key_listener.load(std::memory_order_acquire);
  if (type == input_code::kKey && listener != nullptr) listener(code, value);
}

void InputDevice::show_leds(u32 leds) {
  if (set_leds_ == nullptr) return;
  readers.with([&](Readers& who) {
    if (!who.is_gone) set_leds_(driver_context_, leds);
  });
}

void InputDevice::leave() {
  readers.with([](Readers& who) {
    who.is_gone = true;
    for (InputReader& reader : who.list) reader.changed.wake_all();
  });
}

void set_key_listener(KeyListener listener) { g_key_listener.store(listener, std::memory_order_release); }

void set_leds(u32 leds) {
  g_leds.store(leds, std::memory_order_relaxed);
  for (auto& entry : g_by_handle) {
    if (InputDevice* input = entry.load(std::memory_order_acquire)) input->show_leds(leds);
  }
}

lib::Ref<InputDevice> find_input(u32 number) {
  return g_inputs.with(
      [&](Inputs& inputs) { return number < inputs.count ? inputs.devices[number] : lib::Ref<InputDevice>(); });
}

}  // namespace device

using namespace device;

hal_status_t input_add(hal_device_t* hardware, const input_info_t* info, driver_handle_t* input) {
  if (info == nullptr || input == nullptr || info->size < kSmallestInfo) return HAL_INVALID;
  const auto added = add_input(*info, hardware);
  if (!added) return to_hal(added.error());
  *input = *added;
  const u32 number = *added - 1;
  const NodeName node(number);
  if (!devfs::add_node(node.text, vfs::FileType::Character, {kInputMajor, kFirstMinor + number}, 0660)) {
    input_remove(*added);
    return HAL_NO_MEMORY;
  }
  const lib::Ref<InputDevice> added_input = find_input(number);
  added_input->show_leds(g_leds.load(std::memory_order_relaxed));
  LOG_INFO("input", "event%u: %s", number, added_input->name);
  return HAL_OK;
}

void input_remove(driver_handle_t handle) {
  const lib::Ref<InputDevice> input = handle == 0 ? lib::Ref<InputDevice>() : find_input(handle - 1);
  if (!input) return;
  devfs::remove_node(NodeName(input->number).text);
  input->leave();
}

void input_event(driver_handle_t handle, uint16_t type, uint16_t code, int32_t value) {
  InputDevice* input = handle <= kMostInputs ? g_by_handle[handle].load(std::memory_order_acquire) : nullptr;
  if (input != nullptr) input->report(type, code, value);
}
