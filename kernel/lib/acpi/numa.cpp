#include "kernel/lib/acpi/numa.hpp"

#include "kernel/lib/acpi/gic.hpp"

namespace lib::acpi {
namespace {

// System locality distance table (5.2.17): the number of domains, then a square of bytes.
constexpr usize kSlitCount = 36, kSlitMatrix = 44;

// True where the records fill the table to its last byte and each has what its type needs.
bool records_are_whole(Bytes srat) {
  usize at = kSratRecords;
  while (at + 2 <= srat.size()) {
    const usize length = srat[at + 1];
    if (length < 2 || length > srat.size() - at || length < least_affinity_size(srat[at])) return false;
    at += length;
  }
  return at == srat.size();
}

// The side of a square that fills the table; 0: it does not.
u64 slit_side(Bytes slit) {
  if (slit.size() < kSlitMatrix) return 0;
  const u64 side = read<u64>(slit, kSlitCount);
  const u64 cells = slit.size() - kSlitMatrix;
  return side <= 0xffff && side * side == cells ? side : 0;
}

void read_slit(Bytes slit, NumaTopology& out) {
  const u64 side = slit_side(slit);
  if (side == 0) return out.reject("SLIT: its length is not that of its matrix");
  for (u64 from = 0; from < side; ++from) {
    const i32 node = out.node_of_domain(static_cast<u32>(from));
    for (u64 to = 0; node >= 0 && to < side; ++to) {
      const i32 other = out.node_of_domain(static_cast<u32>(to));
      if (other >= 0) {
        out.set_distance(static_cast<u32>(node), static_cast<u32>(other), slit[kSlitMatrix + from * side + to]);
      }
    }
  }
}

void add_cpu(const CpuAffinity& cpu, Bytes madt, NumaTopology& out) {
  const auto id = cpu.is_gic_uid ? affinity_of_uid(madt, cpu.hardware_id) : std::optional<u64>(cpu.hardware_id);
  if (id) out.add_cpu(*id, cpu.node);
}

}  // namespace

void read_numa(const NumaTables& tables, const BootMemory::RangeSet& ram, NumaTopology& out) {
  const Bytes srat = tables.srat;
  if (srat.empty()) return;
  if (srat.size() < kSratRecords || !records_are_whole(srat)) return out.reject("SRAT: a record's length is wrong");
  for_each_memory_affinity(
      srat, [&](const MemoryAffinity& memory) { out.add_memory(memory.base.value, memory.size, memory.node); });
  for_each_cpu_affinity(srat, [&](const CpuAffinity& cpu) { add_cpu(cpu, tables.madt, out); });
  out.number_nodes(ram);
  if (!tables.slit.empty()) read_slit(tables.slit, out);
  out.finish();
}

void read_numa(const Tables& tables, const BootMemory::RangeSet& ram, NumaTopology& out) {
  const Bytes srat = tables.find(signature("SRAT"));
  const Bytes slit = tables.find(signature("SLIT"));
  if (srat.empty() && tables.lists(signature("SRAT"))) return out.reject("SRAT: its checksum or length is wrong");
  if (srat.empty()) return;
  if (slit.empty() && tables.lists(signature("SLIT"))) return out.reject("SLIT: its checksum or length is wrong");
  read_numa({.srat = srat, .slit = slit, .madt = tables.find(signature("APIC"))}, ram, out);
}

}  // namespace lib::acpi
