// Arm's interrupt controllers as the MADT has them (ACPI 6.5, 5.2.12.14 to 5.2.12.18), and the timer's line (GTDT).
//
// As records.hpp: whole tables or nothing go in, values come out, a record that is too short for its type is skipped.
// Interrupts are global system interrupt numbers, which on these machines are the GIC's own (5.2.12.14).
#pragma once

#include <optional>

#include "kernel/lib/acpi/records.hpp"

namespace lib::acpi {

// A processor and its interface to the controller (GICC).
struct GicCpu {
  u32 processor_uid = 0;
  u64 affinity = 0;             // MPIDR_EL1's affinity fields, where that register has them
  bool enabled = false;         // usable now
  bool online_capable = false;  // may be plugged in later
  PhysAddr interface;           // GICv2's registers; 0: none
  PhysAddr redistributor;       // GICv3's, where no GICR record has them; 0: none
};
template <class Fn>
void for_each_gic_cpu(Bytes madt, Fn fn) {
  constexpr usize kLeast = 76;
  constexpr u64 kAffinityMask = 0xff'00ff'ffff;
  for_each_record(madt, kMadtRecords, [&](u8 type, Bytes record) {
    if (type != static_cast<u8>(MadtType::GicCpu) || record.size() < kLeast) return;
    const u32 flags = read<u32>(record, 12);
    fn(GicCpu{.processor_uid = read<u32>(record, 8),
              .affinity = read<u64>(record, 68) & kAffinityMask,
              .enabled = (flags & 1) != 0,
              .online_capable = (flags & 8) != 0,
              .interface = {read<u64>(record, 32)},
              .redistributor = {read<u64>(record, 60)}});
  });
}

// The affinity of the processor that other tables call by its uid.
inline std::optional<u64> affinity_of_uid(Bytes madt, u32 uid) {
  std::optional<u64> found;
  for_each_gic_cpu(madt, [&](const GicCpu& cpu) {
    if (cpu.processor_uid == uid && cpu.enabled && !found) found = cpu.affinity;
  });
  return found;
}

// The one of the machine (GICD).
struct GicDistributor {
  PhysAddr address;
  u8 version = 0;  // of the architecture; 0: the table does not say
};
inline std::optional<GicDistributor> gic_distributor(Bytes madt) {
  std::optional<GicDistributor> found;
  for_each_record(madt, kMadtRecords, [&](u8 type, Bytes record) {
    if (type != static_cast<u8>(MadtType::GicDistributor) || record.size() < 24 || found) return;
    found = GicDistributor{.address = {read<u64>(record, 8)}, .version = record[20]};
  });
  return found;
}

// GICv2m: registers that take messages.
struct GicMessageFrame {
  u32 id = 0;
  PhysAddr address;
  // What counts instead of the frame's own register; 0: nothing does.
  u32 first_line = 0, line_count = 0;
};
template <class Fn>
void for_each_gic_message_frame(Bytes madt, Fn fn) {
  for_each_record(madt, kMadtRecords, [&](u8 type, Bytes record) {
    if (type != static_cast<u8>(MadtType::GicMsiFrame) || record.size() < 24) return;
    const bool counts = (read<u32>(record, 16) & 1) != 0;
    fn(GicMessageFrame{.id = read<u32>(record, 4),
                       .address = {read<u64>(record, 8)},
                       .first_line = counts ? read<u16>(record, 22) : u32{0},
                       .line_count = counts ? read<u16>(record, 20) : u32{0}});
  });
}

// Redistributors side by side (GICR).
struct GicRedistributors {
  PhysAddr address;
  u64 size = 0;
};
template <class Fn>
void for_each_gic_redistributors(Bytes madt, Fn fn) {
  for_each_record(madt, kMadtRecords, [&](u8 type, Bytes record) {
    if (type != static_cast<u8>(MadtType::GicRedistributor) || record.size() < 16) return;
    fn(GicRedistributors{.address = {read<u64>(record, 4)}, .size = read<u32>(record, 12)});
  });
}

// An interrupt translation service.
struct GicIts {
  u32 id = 0;
  PhysAddr address;
};
template <class Fn>
void for_each_gic_its(Bytes madt, Fn fn) {
  for_each_record(madt, kMadtRecords, [&](u8 type, Bytes record) {
    if (type != static_cast<u8>(MadtType::GicIts) || record.size() < 16) return;
    fn(GicIts{.id = read<u32>(record, 4), .address = {read<u64>(record, 8)}});
  });
}

// The line of the generic timer's virtual count (5.2.25); 0: the table does not say.
inline u32 virtual_timer_line(Bytes gtdt) { return read_or_zero<u32>(gtdt, 64); }

}  // namespace lib::acpi
