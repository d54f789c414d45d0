// The devices of a definition block (DSDT, SSDT), as far as they are described by plain data (ACPI 6.5, chapters 6 and
// 20.2). None of the firmware's code is run.
//
// What is seen of a device: its _HID, _UID, _STA and _CRS where each is a named object, or a method that does nothing
// but return data. What is not data is passed over by its length; where something has no length that is known, the rest
// of what encloses it is passed over. Pure parsing over bytes that are taken for hostile: no allocation, a bounded
// depth.
#pragma once

#include "kernel/lib/acpi/tables.hpp"

namespace lib::acpi {

struct DeviceDescription {
  char id[9] = {};         // _HID as text, "LNRO0005"; empty where there is none
  u64 unit = 0;            // _UID where it is a number
  bool is_present = true;  // _STA (6.3.7), bit 0
  Bytes resources;         // what _CRS holds, for for_each_resource()
};

using DeviceVisitor = void (*)(void* context, const DeviceDescription& device);
// `block`: the table with its header. Every device, children before the one that they are in.
void visit_devices(Bytes block, DeviceVisitor visit, void* context);

template <class Fn>
void for_each_device(Bytes block, Fn fn) {
  visit_devices(
      block, [](void* context, const DeviceDescription& device) { (*static_cast<Fn*>(context))(device); }, &fn);
}

// A wired interrupt, by its global system interrupt number.
struct Interrupt {
  u32 number = 0;
  bool edge = false;
  bool active_low = false;
};

// One descriptor of a resource template (6.4); those of other kinds are left out.
struct Resource {
  enum class Kind : u8 { Memory, Ports, Interrupt };
  Kind kind = Kind::Memory;
  u64 base = 0, size = 0;  // memory in bytes, or ports
  Interrupt interrupt;
};

using ResourceVisitor = void (*)(void* context, const Resource& resource);
void visit_resources(Bytes resources, ResourceVisitor visit, void* context);

template <class Fn>
void for_each_resource(Bytes resources, Fn fn) {
  visit_resources(
      resources, [](void* context, const Resource& resource) { (*static_cast<Fn*>(context))(resource); }, &fn);
}

}  // namespace lib::acpi
