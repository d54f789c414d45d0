// Devices as the kernel knows them: what a driver sees (hal_device_t), and what it does not.
//
// A Device is made when a bus announces it and lives as long as the kernel. Its `info` is constant from then on. The
// registry's lock guards the list; what a driver holds of a device (`Held`) is touched by whoever binds or unbinds it,
// under the loader's lock, and by the driver's own calls in between.
#pragma once

#include <string_view>

#include "kernel/driver_loader.h"
#include "kernel/lib/list.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/lib/vector.hpp"
#include "kernel/sync/locked.hpp"

namespace device {

struct Driver;

// How interrupts of a device are delivered.
enum class Delivery : u8 { None, Line, Msi, Msix };

// Changed by exchange_interrupts() alone, under the registry's lock: the driver's own calls read it without.
struct Interrupts {
  Delivery delivery = Delivery::None;
  u32 capability = 0;            // offset in configuration space, for messages
  volatile u8* table = nullptr;  // MSI-X
  lib::Vector<u32> lines;
};

// What a driver gets a pointer to; a base of its own, so that the way back to the Device is a cast.
struct Announced {
  hal_device_t info{};
};

class Device : public Announced, public lib::ListNode {
 public:
  Device* parent = nullptr;
  i32 tree_node = -1;  // in the device tree; -1: it is not described there
  const bus_ops_t* bus = nullptr;
  void* bus_context = nullptr;

  // What its driver holds.
  Driver* driver = nullptr;
  void* context = nullptr;
  bool was_offered = false;  // all drivers of this moment have declined it
  volatile void* mapped[HAL_BAR_COUNT] = {};
  Interrupts interrupts;
  char driver_name[32] = {};  // registry's lock: driver_name()

  std::string_view name() const { return info.name; }
};

// The Device around what a driver was given.
Device& of(const hal_device_t* info);

// Announces a device: gives it a handle and adds it. EEXIST where the bus has one at that address. May sleep.
Status add(lib::Own<Device> device);

// The name of the driver that a device is bound to, for those who only tell of it. Copied under the registry's lock, so
// that the driver may go meanwhile; false where there is none. May sleep.
inline constexpr usize kDriverName = 32;  // with the NUL
bool driver_name(const Device& device, char (&name)[kDriverName]);
// The loader's side: bound (a name) or unbound (empty).
void note_driver(Device& device, std::string_view name);

// Calls fn(Device&) for every device, in the order of announcement; devices may be added meanwhile. May sleep.
template <class Fn>
void for_each(Fn fn);

// The device after `previous` (null: the first), null at the end. Devices stay, so this needs no lock afterwards.
Device* next(Device* previous);
// By name or handle; null. May sleep.
Device* find(std::string_view name);
Device* find(u32 handle);

template <class Fn>
void for_each(Fn fn) {
  for (Device* at = next(nullptr); at != nullptr; at = next(at)) fn(*at);
}

// Gives a device other interrupts, and the caller those that it had. May sleep.
Interrupts exchange_interrupts(Device& device, Interrupts fresh);
// How a line serves a device, for those who only tell of it; None: not at all. May sleep.
Delivery delivery_of(const Device& device, u32 line);

// Takes back what the driver left: mappings, interrupts, bus mastering. After its remove function. May sleep.
void release_held(Device& device);

// Removes the interrupt handlers that lie in code which is about to go. May sleep.
void drop_handlers(VirtAddr code, usize size);

// The device tree's and the ACPI tables' own devices: host bridges and what sits on no discoverable bus. May sleep.
void add_platform_devices();

// As a driver's errno would be: HAL_TIMEOUT is ETIMEDOUT and so on.
Status to_status(hal_status_t status);
hal_status_t to_hal(Errno error);

}  // namespace device
