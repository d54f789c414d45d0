// The machine's nodes from the system resource affinity table and the system locality distance table.
//
// Everything in them is taken for hostile, as in records.hpp; a table that does not hold makes the topology one node
// with a flaw. Kinds of records that we do not know (devices, interrupt translators) are passed over.
#pragma once

#include "kernel/lib/acpi/records.hpp"
#include "kernel/lib/numa.hpp"

namespace lib::acpi {

struct NumaTables {
  Bytes srat;  // empty: one node
  Bytes slit;  // empty: the usual distances
  Bytes madt;  // says which processors the SRAT means where a GIC is; those that it does not have do not count
};
// Fills `out`, which is fresh, from whole tables.
void read_numa(const NumaTables& tables, const BootMemory::RangeSet& ram, NumaTopology& out);
// The same from the machine's tables; one that is listed and damaged is a flaw.
void read_numa(const Tables& tables, const BootMemory::RangeSet& ram, NumaTopology& out);

}  // namespace lib::acpi
