// The machine's nodes from the system resource affinity table and the system locality distance table.
//
// Everything in them is taken for hostile, as in records.hpp; a table that does not hold makes the topology one node
// with a flaw. Kinds of records that we do not know (devices, interrupt translators) are passed over.
#pragma once

#include "kernel/lib/acpi/records.hpp"
#include "kernel/lib/numa.hpp"

namespace lib::acpi {

// Fills `out`, which is fresh, from whole tables; an empty `srat` leaves one node, an empty `slit` the usual distances.
void read_numa(Bytes srat, Bytes slit, const BootMemory::RangeSet& ram, NumaTopology& out);
// The same from the machine's tables; one that is listed and damaged is a flaw.
void read_numa(const Tables& tables, const BootMemory::RangeSet& ram, NumaTopology& out);

}  // namespace lib::acpi
