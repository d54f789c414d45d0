#include "kernel/lib/acpi/tables.hpp"

namespace lib::acpi {
namespace {

// Root system description pointer (table 5.3): signature 8, checksum 1, OEM 6, revision 1, RSDT 4, then from revision 2
// on length 4, XSDT 8, extended checksum 1.
constexpr usize kRsdpSize = 20;
constexpr usize kRsdpExtendedSize = 36;
constexpr usize kRsdpRevision = 15, kRsdpRsdt = 16, kRsdpXsdt = 24;

bool has_rsdp_signature(Bytes rsdp) {
  constexpr char kSignature[] = "RSD PTR ";
  for (usize i = 0; i < 8; ++i) {
    if (rsdp[i] != static_cast<u8>(kSignature[i])) return false;
  }
  return true;
}

}  // namespace

u8 checksum(Bytes bytes) {
  u8 sum = 0;
  for (const u8 byte : bytes) sum = static_cast<u8>(sum + byte);
  return sum;
}

Tables::Tables(PhysAddr rsdp, Mapper mapper) : mapper_(mapper) {
  const Bytes base = mapper_(rsdp, kRsdpSize);
  if (base.size() < kRsdpSize || !has_rsdp_signature(base) || checksum(base.first(kRsdpSize)) != 0) return;
  PhysAddr root{read<u32>(base, kRsdpRsdt)};
  u32 wanted = signature("RSDT");
  entry_size_ = 4;
  if (base[kRsdpRevision] >= 2) {
    const Bytes extended = mapper_(rsdp, kRsdpExtendedSize);
    if (extended.size() >= kRsdpExtendedSize && checksum(extended.first(kRsdpExtendedSize)) == 0 &&
        read<u64>(extended, kRsdpXsdt) != 0) {
      root = {read<u64>(extended, kRsdpXsdt)};
      wanted = signature("XSDT");
      entry_size_ = 8;
    }
  }
  const Bytes table = at(root);
  if (table.empty() || read<u32>(table, 0) != wanted) return;
  root_ = table;
  root_address_ = root;
  entry_count_ = (table.size() - kHeaderSize) / entry_size_;
}

PhysAddr Tables::entry(usize index) const {
  const usize offset = kHeaderSize + index * entry_size_;
  return {entry_size_ == 8 ? read<u64>(root_, offset) : read<u32>(root_, offset)};
}

Bytes Tables::at(PhysAddr address) const {
  if (address.value == 0) return {};
  const Bytes header = mapper_(address, kHeaderSize);
  if (header.size() < kHeaderSize) return {};
  const usize length = read<u32>(header, 4);
  if (length < kHeaderSize || length > kMaxTableSize) return {};
  Bytes table = mapper_(address, length);
  if (table.size() < length) return {};
  table = table.first(length);
  return checksum(table) == 0 ? table : Bytes{};
}

Bytes Tables::find(u32 wanted, usize index) const {
  for (usize i = 0; i < entry_count_; ++i) {
    const Bytes header = mapper_(entry(i), kHeaderSize);
    if (header.size() < kHeaderSize || read<u32>(header, 0) != wanted) continue;
    const Bytes table = at(entry(i));
    if (table.empty()) continue;
    if (index == 0) return table;
    --index;
  }
  return {};
}

bool Tables::lists(u32 wanted) const {
  for (usize i = 0; i < entry_count_; ++i) {
    const Bytes header = mapper_(entry(i), kHeaderSize);
    if (header.size() >= kHeaderSize && read<u32>(header, 0) == wanted) return true;
  }
  return false;
}

}  // namespace lib::acpi
