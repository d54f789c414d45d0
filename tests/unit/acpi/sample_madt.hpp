// A MADT as machines with Arm's interrupt controllers have it (ACPI 6.5, 5.2.12).
#pragma once

#include "tests/unit/acpi/sample_tables.hpp"

namespace sample {

class Madt {
 public:
  Madt() : bytes_(header("APIC", 4)) { bytes_.resize(44); }

  Madt& distributor(u64 address, u8 version) {
    begin(12, 24);
    append<u32>(bytes_, 0);
    append(bytes_, address);
    append<u32>(bytes_, 0);
    append(bytes_, version);
    return pad(3);
  }
  Madt& cpu(u32 uid, u64 affinity, u32 flags = 1, u64 interface = 0, u64 redistributor = 0) {
    begin(11, 80);
    for (const u32 word : {uid, uid, flags, u32{0}, u32{23}}) append(bytes_, word);
    for (const u64 word : {u64{0}, interface, u64{0}, u64{0}}) append(bytes_, word);
    append<u32>(bytes_, 0);
    append(bytes_, redistributor);
    append(bytes_, affinity);
    return pad(4);
  }
  Madt& message_frame(u32 id, u64 address, u32 flags, u16 count, u16 first) {
    begin(13, 24);
    append(bytes_, id);
    append(bytes_, address);
    append(bytes_, flags);
    append(bytes_, count);
    append(bytes_, first);
    return *this;
  }
  Madt& redistributors(u64 address, u32 size) {
    begin(14, 16);
    append(bytes_, address);
    append(bytes_, size);
    return *this;
  }
  Madt& its(u32 id, u64 address) {
    begin(15, 20);
    append(bytes_, id);
    append(bytes_, address);
    return pad(4);
  }
  AcpiTable table() const { return finish(bytes_); }

 private:
  void begin(u8 type, u8 size) {
    bytes_.push_back(type);
    bytes_.push_back(size);
    pad(2);
  }
  Madt& pad(usize count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  AcpiTable bytes_;
};

// One root complex of segment 0 whose ids from `first` on, `more` beyond it, become those from `output` on at an ITS.
inline AcpiTable iort(u32 its, u32 first, u32 more, u32 output) {
  AcpiTable table = header("IORT", 3);
  for (const u32 word : {2, 48, 0}) append<u32>(table, word);
  const auto node = [&](u8 type, u16 size, u32 mappings, u32 mappings_at) {
    append(table, type);
    append(table, size);
    append<u8>(table, 3);
    for (const u32 word : {u32{0}, mappings, mappings_at}) append(table, word);
  };
  node(0, 24, 0, 0);
  append<u32>(table, 1);
  append(table, its);
  node(2, 56, 1, 36);
  table.resize(table.size() + 20);  // memory, ATS, segment, size, then where the mapping begins
  for (const u32 word : {first, more, output, u32{48}, u32{0}}) append(table, word);
  return finish(std::move(table));
}

}  // namespace sample
