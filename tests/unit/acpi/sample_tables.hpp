// Small ACPI tables for tests, with correct lengths and checksums unless a test spoils them.
#pragma once

#include <cstring>
#include <initializer_list>
#include <vector>

#include "kernel/lib/acpi/tables.hpp"

namespace sample {

using AcpiTable = std::vector<u8>;

template <class T>
void append(AcpiTable& table, T value) {
  for (usize i = 0; i < sizeof(T); ++i) table.push_back(static_cast<u8>(static_cast<u64>(value) >> (8 * i)));
}

// Length and checksum are put right.
inline AcpiTable finish(AcpiTable table) {
  for (usize i = 0; i < 4; ++i) table[4 + i] = static_cast<u8>(table.size() >> (8 * i));
  table[9] = 0;
  table[9] = static_cast<u8>(-lib::acpi::checksum(table));
  return table;
}

inline AcpiTable header(const char* signature, u8 revision) {
  AcpiTable table(lib::acpi::kHeaderSize);
  std::memcpy(table.data(), signature, 4);
  table[8] = revision;
  return table;
}

inline AcpiTable spoiled(AcpiTable table) {
  table.back() ^= 0x40;
  return table;
}

class Srat {
 public:
  explicit Srat(u8 revision = 3) : bytes_(header("SRAT", revision)) { bytes_.resize(48); }

  Srat& memory(u32 domain, u64 base, u64 size, u32 flags = 1) {
    begin(1, 40);
    append<u32>(bytes_, domain);
    append<u16>(bytes_, 0);
    append<u64>(bytes_, base);
    append<u64>(bytes_, size);
    append<u32>(bytes_, 0);
    append<u32>(bytes_, flags);
    append<u64>(bytes_, 0);
    return *this;
  }
  Srat& apic(u32 domain, u8 id, u32 flags = 1) {
    begin(0, 16);
    append<u8>(bytes_, static_cast<u8>(domain));
    append<u8>(bytes_, id);
    append<u32>(bytes_, flags);
    append<u8>(bytes_, 0);
    for (int shift : {8, 16, 24}) append<u8>(bytes_, static_cast<u8>(domain >> shift));
    append<u32>(bytes_, 0);
    return *this;
  }
  Srat& x2apic(u32 domain, u32 id) { return words(2, {0, 2}, {domain, id, 1, 0, 0}); }
  Srat& gicc(u32 domain, u32 uid) { return words(3, {}, {domain, uid, 1, 0}); }
  Srat& rintc(u32 domain, u32 uid) { return words(7, {0, 2}, {domain, uid, 1, 0}); }
  Srat& unknown(u8 type, u8 size) {
    begin(type, size);
    bytes_.resize(bytes_.size() + size - 2u);
    return *this;
  }
  AcpiTable table() const { return finish(bytes_); }

 private:
  struct Reserved {
    u8 value = 0, count = 0;
  };
  void begin(u8 type, u8 size) {
    bytes_.push_back(type);
    bytes_.push_back(size);
  }
  Srat& words(u8 type, Reserved reserved, std::initializer_list<u32> values) {
    begin(type, static_cast<u8>(2 + reserved.count + 4 * values.size()));
    bytes_.resize(bytes_.size() + reserved.count, reserved.value);
    for (const u32 value : values) append(bytes_, value);
    return *this;
  }
  AcpiTable bytes_;
};

inline AcpiTable slit(const std::vector<std::vector<u8>>& rows) {
  AcpiTable table = header("SLIT", 1);
  append<u64>(table, rows.size());
  for (const auto& row : rows) table.insert(table.end(), row.begin(), row.end());
  return finish(std::move(table));
}

inline AcpiTable xsdt(std::initializer_list<u64> entries) {
  AcpiTable table = header("XSDT", 1);
  for (const u64 entry : entries) append(table, entry);
  return finish(std::move(table));
}

inline AcpiTable rsdp(u64 xsdt_address) {
  AcpiTable bytes(20);
  std::memcpy(bytes.data(), "RSD PTR ", 8);
  bytes[15] = 2;
  bytes[8] = static_cast<u8>(-lib::acpi::checksum(bytes));
  append<u32>(bytes, 36);
  append(bytes, xsdt_address);
  append<u32>(bytes, 0);
  bytes[32] = static_cast<u8>(-lib::acpi::checksum(bytes));
  return bytes;
}

}  // namespace sample
