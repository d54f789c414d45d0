// Where the messages of PCI devices go on machines with interrupt translation services: the I/O remapping table (Arm
// DEN 0049E). Pure parsing of a table that is taken for hostile; no state.
#pragma once

#include <optional>

#include "kernel/lib/acpi/tables.hpp"

namespace lib::acpi {

struct ItsTarget {
  u32 its = 0;     // its id in the MADT
  u32 device = 0;  // what the device is called there
};

// For a device of that PCI segment with that requester id. Nothing where the table does not lead to an ITS. Memory
// management units on the way pass messages on under the id that the table says.
std::optional<ItsTarget> message_target(Bytes iort, u32 segment, u32 requester);

}  // namespace lib::acpi
