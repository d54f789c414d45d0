// Any bytes as ACPI's two tables about nodes: the first two bytes say how many of the rest are the SRAT's; the others
// are the SLIT's. The SRAT stands for the table of processors as well.
#include <vector>

#include "kernel/lib/acpi/numa.hpp"
#include "tests/fuzz/topology.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t wanted = data[0] | size_t{data[1]} << 8;
  const size_t split = 2 + (wanted < size - 2 ? wanted : size - 2);
  // In memory of their own: a read beyond an end is seen.
  const std::vector<u8> srat(data + 2, data + split), slit(data + split, data + size);
  lib::NumaTopology numa;
  lib::acpi::read_numa({.srat = srat, .slit = slit, .madt = srat}, fuzz::ram().ram(), numa);
  fuzz::check(numa);
  return 0;
}
