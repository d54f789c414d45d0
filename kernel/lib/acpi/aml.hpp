// The devices of a definition block (DSDT, SSDT), as far as they are described by plain data (ACPI 6.5, chapters 6 and
// 20.2). None of the firmware's code is run.
//
// What is seen of a device: its _HID, _UID, _STA and _CRS, and of a PCI host bridge _SEG, _BBN, _CBA and _PRT, where
// each is a named object, or a method that does nothing but return data. What is not data is passed over by its length;
// where something has no length that is known, the rest of what encloses it is passed over. Pure parsing over bytes
// that are taken for hostile: no allocation, a bounded depth.
#pragma once

#include "kernel/lib/acpi/tables.hpp"

namespace lib::acpi {

struct DeviceDescription {
  u32 name = 0;            // the last segment of its own name, as signature() has it
  char id[9] = {};         // _HID as text, "LNRO0005"; empty where there is none
  u64 unit = 0;            // _UID where it is a number
  bool is_present = true;  // _STA (6.3.7), bit 0
  Bytes resources;         // what _CRS holds, for for_each_resource()
  u32 segment = 0;         // of a PCI host bridge: _SEG (6.5.6)
  u32 first_bus = 0;       // _BBN (6.5.5)
  u64 config_base = 0;     // _CBA (PCI Firmware 3.3, 4.1.3): of bus 0 in configuration space; 0: it does not say
  Bytes routes;            // what _PRT holds, for for_each_route()
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
  enum class Kind : u8 { Memory, Ports, Buses, Interrupt };
  Kind kind = Kind::Memory;
  u64 base = 0, size = 0;  // memory in bytes, ports, or PCI buses; as the CPU sees them
  u64 bus_base = 0;        // as the bus behind the device sees the same place
  bool is_window = false;  // the device passes it on to those behind it
  Interrupt interrupt;
};

using ResourceVisitor = void (*)(void* context, const Resource& resource);
void visit_resources(Bytes resources, ResourceVisitor visit, void* context);

template <class Fn>
void for_each_resource(Bytes resources, Fn fn) {
  visit_resources(
      resources, [](void* context, const Resource& resource) { (*static_cast<Fn*>(context))(resource); }, &fn);
}

// An entry of a PCI routing table (6.2.13): where pin 0 to 3 (A to D) of a slot arrives.
struct PinRoute {
  u32 slot = 0;
  u32 pin = 0;
  u32 link = 0;    // the last segment of the name of the device whose _CRS says it; 0: `number` does
  u32 number = 0;  // a global system interrupt, or which of the link device's resources
};

using RouteVisitor = void (*)(void* context, const PinRoute& route);
// Ends at the first entry that is not data.
void visit_routes(Bytes routes, RouteVisitor visit, void* context);

template <class Fn>
void for_each_route(Bytes routes, Fn fn) {
  visit_routes(routes, [](void* context, const PinRoute& route) { (*static_cast<Fn*>(context))(route); }, &fn);
}

}  // namespace lib::acpi
