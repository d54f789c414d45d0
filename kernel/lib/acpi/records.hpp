// The records inside single tables: MADT (gic.hpp has Arm's), SRAT, MCFG, HPET, SPCR, FADT.
//
// All functions take a whole table as Tables::find() returned it, or nothing at all: an empty table has no records. The
// callbacks get values, never pointers into the table. A record that is too short for its type is skipped; a length of
// less than its own header ends the walk.
#pragma once

#include "kernel/lib/acpi/tables.hpp"

namespace lib::acpi {

// Calls fn(u8 type, Bytes record) for each (type 1, length 1, ...) record from `start` on.
template <class Fn>
void for_each_record(Bytes table, usize start, Fn fn) {
  while (start + 2 <= table.size()) {
    const usize length = table[start + 1];
    if (length < 2 || length > table.size() - start) return;
    fn(table[start], table.subspan(start, length));
    start += length;
  }
}

// Multiple APIC description table (5.2.12).
enum class MadtType : u8 {
  LocalApic = 0,
  IoApic = 1,
  InterruptOverride = 2,
  LocalApicNmi = 4,
  LocalApicAddress = 5,
  LocalX2Apic = 9,
  GicCpu = 11,
  GicDistributor = 12,
  GicMsiFrame = 13,
  GicRedistributor = 14,
  GicIts = 15,
};
inline constexpr usize kMadtRecords = 44;

struct LocalApic {
  u32 apic_id = 0;
  u32 processor_uid = 0;
  bool enabled = false;         // usable now
  bool online_capable = false;  // may be plugged in later
};
struct IoApic {
  u8 id = 0;
  PhysAddr address;
  u32 first_line = 0;
};
// Where a line of the ISA bus is, and how it behaves there, if not line for line, rising edge.
struct InterruptOverride {
  u8 isa_line = 0;
  u32 line = 0;
  bool active_low = false;
  bool level = false;
};

PhysAddr madt_local_apic_address(Bytes madt);
// The PC's two 8259 controllers are there as well.
inline bool madt_has_pic(Bytes madt) { return madt.size() >= kMadtRecords && (read<u32>(madt, 40) & 1) != 0; }

template <class Fn>
void for_each_local_apic(Bytes madt, Fn fn) {
  for_each_record(madt, kMadtRecords, [&](u8 type, Bytes record) {
    LocalApic cpu;
    u32 flags;
    if (type == static_cast<u8>(MadtType::LocalApic) && record.size() >= 8) {
      cpu.processor_uid = record[2];
      cpu.apic_id = record[3];
      if (cpu.apic_id == 0xff) return;  // the broadcast id: no CPU has it
      flags = read<u32>(record, 4);
    } else if (type == static_cast<u8>(MadtType::LocalX2Apic) && record.size() >= 16) {
      cpu.apic_id = read<u32>(record, 4);
      if (cpu.apic_id == 0xffff'ffff) return;
      flags = read<u32>(record, 8);
      cpu.processor_uid = read<u32>(record, 12);
    } else {
      return;
    }
    cpu.enabled = (flags & 1) != 0;
    cpu.online_capable = (flags & 2) != 0;
    fn(cpu);
  });
}

template <class Fn>
void for_each_io_apic(Bytes madt, Fn fn) {
  for_each_record(madt, kMadtRecords, [&](u8 type, Bytes record) {
    if (type != static_cast<u8>(MadtType::IoApic) || record.size() < 12) return;
    fn(IoApic{.id = record[2], .address = {read<u32>(record, 4)}, .first_line = read<u32>(record, 8)});
  });
}

template <class Fn>
void for_each_interrupt_override(Bytes madt, Fn fn) {
  for_each_record(madt, kMadtRecords, [&](u8 type, Bytes record) {
    if (type != static_cast<u8>(MadtType::InterruptOverride) || record.size() < 10) return;
    const u16 flags =
        read<u16>(record, 8);  // MPS INTI flags (table 5.26): 3 = low or level; 0 = as the bus: high, edge
    fn(InterruptOverride{.isa_line = record[3],
                         .line = read<u32>(record, 4),
                         .active_low = (flags & 3) == 3,
                         .level = (flags >> 2 & 3) == 3});
  });
}

// System resource affinity table (5.2.16; RINTC in ACPI 6.6).
inline constexpr usize kSratRecords = 48;
enum class SratType : u8 { Apic = 0, Memory = 1, X2Apic = 2, Gicc = 3, Rintc = 7 };
struct CpuAffinity {
  u32 hardware_id = 0;  // local APIC id; with RINTC, and where is_gic_uid, the ACPI processor uid
  bool is_gic_uid = false;
  u32 node = 0;  // proximity domain
};
struct MemoryAffinity {
  PhysAddr base;
  u64 size = 0;
  u32 node = 0;
  bool hot_pluggable = false;
};

// The bytes that a record of this type must have; 0 for types that we do not read.
constexpr usize least_affinity_size(u8 type) {
  switch (static_cast<SratType>(type)) {
    case SratType::Apic: return 16;
    case SratType::Memory: return 40;
    case SratType::X2Apic: return 24;
    case SratType::Gicc: return 18;
    case SratType::Rintc: return 20;
  }
  return 0;
}

// A proximity domain: before revision 2 of the table it is one byte, and the others mean nothing.
constexpr u32 proximity_domain(Bytes srat, u32 value) {
  constexpr usize kRevision = 8;
  return srat[kRevision] < 2 ? value & 0xff : value;
}

template <class Fn>
void for_each_cpu_affinity(Bytes srat, Fn fn) {
  for_each_record(srat, kSratRecords, [&](u8 type, Bytes record) {
    if (record.size() < least_affinity_size(type)) return;
    const auto tell = [&](u32 id, u32 domain, u32 flags) {
      const bool is_gic = static_cast<SratType>(type) == SratType::Gicc;
      if ((flags & 1) == 0) return;
      fn(CpuAffinity{.hardware_id = id, .is_gic_uid = is_gic, .node = proximity_domain(srat, domain)});
    };
    switch (static_cast<SratType>(type)) {
      case SratType::Apic:
        tell(record[3], record[2] | u32{record[9]} << 8 | u32{record[10]} << 16 | u32{record[11]} << 24,
             read<u32>(record, 4));
        break;
      case SratType::X2Apic: tell(read<u32>(record, 8), read<u32>(record, 4), read<u32>(record, 12)); break;
      case SratType::Gicc: tell(read<u32>(record, 6), read<u32>(record, 2), read<u32>(record, 10)); break;
      case SratType::Rintc: tell(read<u32>(record, 8), read<u32>(record, 4), read<u32>(record, 12)); break;
      case SratType::Memory: break;
    }
  });
}

template <class Fn>
void for_each_memory_affinity(Bytes srat, Fn fn) {
  for_each_record(srat, kSratRecords, [&](u8 type, Bytes record) {
    if (type != static_cast<u8>(SratType::Memory) || record.size() < least_affinity_size(type)) return;
    const u32 flags = read<u32>(record, 28);
    if ((flags & 1) == 0) return;
    fn(MemoryAffinity{.base = {read<u64>(record, 8)},
                      .size = read<u64>(record, 16),
                      .node = proximity_domain(srat, read<u32>(record, 2)),
                      .hot_pluggable = (flags & 2) != 0});
  });
}

// PCI configuration space in memory (PCI Firmware 3.3, 4.1.2).
struct ConfigSpace {
  PhysAddr base;  // of bus 0, even where the first bus is another
  u16 segment = 0;
  u8 first_bus = 0, last_bus = 0;
};
template <class Fn>
void for_each_config_space(Bytes mcfg, Fn fn) {
  constexpr usize kStart = 44, kSize = 16;
  for (usize at = kStart; at + kSize <= mcfg.size(); at += kSize) {
    fn(ConfigSpace{.base = {read<u64>(mcfg, at)},
                   .segment = read<u16>(mcfg, at + 8),
                   .first_bus = mcfg[at + 10],
                   .last_bus = mcfg[at + 11]});
  }
}

// The first event timer block (IA-PC HPET 1.0a, 3.2.4). 0: none, or not in memory.
PhysAddr hpet_address(Bytes hpet);

// Where a register is (generic address structure, 5.2.3.2).
enum class Space : u8 { Memory = 0, Port = 1, PciConfig = 2 };
struct Register {
  Space space = Space::Memory;
  u8 width = 0;     // bits
  u8 access = 0;    // 1 byte, 2 word, 3 double word, 4 quad word; 0 unsaid
  u64 address = 0;  // 0: there is none
};

// The serial port that firmware talks on (Microsoft's Serial Port Console Redirection Table, revision 2 and later).
struct SerialConsole {
  enum class Kind : u8 { None, Pl011, Other };
  Kind kind = Kind::None;  // Pl011: or what has the same registers for data, flags and interrupts
  Register registers;
  u32 line = 0;  // at the main interrupt controller; 0: none
};
SerialConsole parse_spcr(Bytes spcr);

// What we use of the fixed ACPI description table (5.2.9). Fields that the table is too short for are 0.
struct Fadt {
  PhysAddr dsdt;
  u16 sci_interrupt = 0;
  u32 smi_command_port = 0;
  u8 acpi_enable_value = 0;
  u32 pm1a_control_port = 0, pm1b_control_port = 0, pm_timer_port = 0;
  u8 century_register = 0;  // in the clock's memory; 0: none
  bool has_reset = false;
  Register reset;
  u8 reset_value = 0;
  bool hardware_reduced = false;
  Register sleep_control;     // of machines that are hardware-reduced
  bool may_have_8042 = true;  // the PC's keyboard controller; said from revision 3 on
  u16 arm_boot_flags = 0;     // bit 0: PSCI is there, bit 1: by HVC
};
Fadt parse_fadt(Bytes fadt);

// The values that \_S5_ says to write into the PM1 control registers to turn the machine off, by looking for the
// package's byte code (20.2.5) instead of evaluating it.
struct SleepType {
  bool found = false;
  u8 pm1a = 0, pm1b = 0;
};
SleepType find_s5(Bytes dsdt);

}  // namespace lib::acpi
