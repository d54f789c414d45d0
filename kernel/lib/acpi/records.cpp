#include "kernel/lib/acpi/records.hpp"

namespace lib::acpi {
namespace {

// Generic address structure: space 1, width 1, offset 1, access 1, address 8.
Register read_register(Bytes table, usize offset) {
  if (offset + 12 > table.size()) return {};
  return {.space = static_cast<Space>(table[offset]),
          .width = table[offset + 1],
          .access = table[offset + 3],
          .address = read<u64>(table, offset + 4)};
}

// A control port: the extended field where it is given and is a port, else the old one.
u32 port_of(Bytes fadt, usize offset, usize extended_offset) {
  const Register extended = read_register(fadt, extended_offset);
  if (extended.address != 0 && extended.space == Space::Port) return static_cast<u32>(extended.address);
  return read_or_zero<u32>(fadt, offset);
}

// The integer at `offset` of AML code: ByteConst (0x0a), or the constants Zero and One. Advances; false: something
// else.
bool read_small_integer(Bytes aml, usize& offset, u8& value) {
  constexpr u8 kZero = 0x00, kOne = 0x01, kByte = 0x0a;
  if (offset >= aml.size()) return false;
  const u8 code = aml[offset++];
  if (code == kZero || code == kOne) {
    value = code;
    return true;
  }
  if (code != kByte || offset >= aml.size()) return false;
  value = aml[offset++];
  return true;
}

// PkgLength (20.2.4): bits 7-6 of the first byte say how many bytes follow it.
bool skip_package_length(Bytes aml, usize& offset) {
  if (offset >= aml.size()) return false;
  offset += 1 + (aml[offset] >> 6);
  return offset < aml.size();
}

}  // namespace

PhysAddr madt_local_apic_address(Bytes madt) {
  if (madt.size() < kMadtRecords) return {};
  PhysAddr address{read<u32>(madt, 36)};
  for_each_record(madt, kMadtRecords, [&](u8 type, Bytes record) {
    if (type == static_cast<u8>(MadtType::LocalApicAddress) && record.size() >= 12) address = {read<u64>(record, 4)};
  });
  return address;
}

PhysAddr hpet_address(Bytes hpet) {
  constexpr usize kAddress = 40;
  const Register base = read_register(hpet, kAddress);
  return base.space == Space::Memory ? PhysAddr{base.address} : PhysAddr{};
}

SerialConsole parse_spcr(Bytes spcr) {
  // Debug Port Table 2, table 3: ARM's PL011, and the two forms of the SBSA's generic UART.
  constexpr u8 kPl011 = 3, kSbsa32 = 0x0d, kSbsa = 0x0e, kRevisionWithTypes = 2;
  constexpr u8 kByGic = 1 << 3, kByIoApic = 1 << 1;
  constexpr usize kRevision = 8, kType = 36, kRegisters = 40, kInterruptType = 52, kLine = 54;
  if (spcr.size() < kLine + 4) return {};
  const u8 type = spcr[kType];
  const bool is_pl011 = spcr[kRevision] >= kRevisionWithTypes && (type == kPl011 || type == kSbsa32 || type == kSbsa);
  return {.kind = is_pl011 ? SerialConsole::Kind::Pl011 : SerialConsole::Kind::Other,
          .registers = read_register(spcr, kRegisters),
          .line = (spcr[kInterruptType] & (kByGic | kByIoApic)) != 0 ? read<u32>(spcr, kLine) : 0};
}

Fadt parse_fadt(Bytes fadt) {
  constexpr u32 kFlagReset = 1 << 10, kFlagHardwareReduced = 1 << 20;
  constexpr u16 kBootHas8042 = 1 << 1;  // IAPC_BOOT_ARCH
  Fadt result;
  const u64 extended_dsdt = read_or_zero<u64>(fadt, 140);
  result.dsdt = {extended_dsdt != 0 ? extended_dsdt : read_or_zero<u32>(fadt, 40)};
  result.sci_interrupt = read_or_zero<u16>(fadt, 46);
  result.smi_command_port = read_or_zero<u32>(fadt, 48);
  result.acpi_enable_value = read_or_zero<u8>(fadt, 52);
  result.pm1a_control_port = port_of(fadt, 64, 172);
  result.pm1b_control_port = port_of(fadt, 68, 184);
  result.pm_timer_port = port_of(fadt, 76, 208);
  result.century_register = read_or_zero<u8>(fadt, 108);
  const u32 flags = read_or_zero<u32>(fadt, 112);
  result.has_reset = (flags & kFlagReset) != 0;
  result.hardware_reduced = (flags & kFlagHardwareReduced) != 0;
  result.reset = read_register(fadt, 116);
  result.reset_value = read_or_zero<u8>(fadt, 128);
  result.may_have_8042 = read_or_zero<u8>(fadt, 8) < 3 || (read_or_zero<u16>(fadt, 109) & kBootHas8042) != 0;
  result.sleep_control = read_register(fadt, 244);
  result.arm_boot_flags = read_or_zero<u16>(fadt, 129);
  return result;
}

SleepType find_s5(Bytes dsdt) {
  constexpr u8 kName = 0x08, kRoot = 0x5c, kPackage = 0x12;
  for (usize at = kHeaderSize; at + 5 < dsdt.size(); ++at) {
    if (read<u32>(dsdt, at) != signature("_S5_")) continue;
    const bool named = dsdt[at - 1] == kName || (dsdt[at - 1] == kRoot && dsdt[at - 2] == kName);
    if (!named || dsdt[at + 4] != kPackage) continue;
    usize offset = at + 5;
    SleepType type;
    if (!skip_package_length(dsdt, offset)) continue;
    const u8 elements = dsdt[offset++];
    if (elements < 1 || !read_small_integer(dsdt, offset, type.pm1a)) continue;
    if (elements >= 2 && !read_small_integer(dsdt, offset, type.pm1b)) continue;
    type.found = true;
    return type;
  }
  return {};
}

}  // namespace lib::acpi
