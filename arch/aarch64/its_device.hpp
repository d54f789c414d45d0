// A device that an ITS knows, and the LPIs of all devices.
//
// The list of devices is in the order of their LPIs, which is how free ones are found. Its lock is its.cpp's.
#pragma once

#include "kernel/lib/allocate.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/lib/vector.hpp"

namespace hal::arch {

struct Its;

struct ItsEvent {
  bool is_mapped = false;
  u32 cpu = 0;
};

// Owns its ITT: the ITS must have forgotten the device when it goes.
struct ItsDevice : lib::ListNode {
  ItsDevice() = default;
  ItsDevice(const ItsDevice&) = delete;
  ItsDevice& operator=(const ItsDevice&) = delete;
  ~ItsDevice();

  // `table_entry` is what the ITS wants for each event. ENOMEM. May sleep.
  static Result<lib::Own<ItsDevice>> create(Its& its, u32 id, u32 count, usize table_entry);

  bool has_line(u32 line) const { return line - first_line < events.size(); }

  Its* its = nullptr;
  u32 id = 0;
  u32 first_line = 0;
  u32 mapped = 0;  // how many events are
  unsigned event_bits = 1;
  lib::Vector<ItsEvent> events;
  void* table = nullptr;
};

using ItsDevices = lib::List<ItsDevice>;

ItsDevice* find_device(ItsDevices& devices, const Its& its, u32 id);
ItsDevice* find_owner(ItsDevices& devices, u32 line);
// Gives it the first LPIs that are free, and puts it into the list. ENOSPC.
Status insert_device(ItsDevices& devices, ItsDevice& device);

}  // namespace hal::arch
