// Byte code as data: names and lengths as in ACPI 6.5, chapter 20.2. For the readers of definition blocks beside it.
//
// Pure parsing over bytes that are taken for hostile; no allocation.
#pragma once

#include <algorithm>

#include "kernel/lib/acpi/tables.hpp"

namespace lib::acpi::aml {

namespace op {
constexpr u8 kZero = 0x00, kOne = 0x01, kAlias = 0x06, kName = 0x08, kByte = 0x0a, kWord = 0x0b, kDword = 0x0c;
constexpr u8 kString = 0x0d, kQword = 0x0e, kScope = 0x10, kBuffer = 0x11, kPackage = 0x12, kVarPackage = 0x13;
constexpr u8 kMethod = 0x14, kExternal = 0x15, kExtended = 0x5b, kIf = 0xa0, kElse = 0xa1, kWhile = 0xa2;
constexpr u8 kReturn = 0xa4, kOnes = 0xff;
// After kExtended.
constexpr u8 kMutex = 0x01, kEvent = 0x02, kRegion = 0x80, kField = 0x81, kDevice = 0x82, kProcessor = 0x83;
constexpr u8 kPowerResource = 0x84, kThermalZone = 0x85, kIndexField = 0x86, kBankField = 0x87;
}  // namespace op

struct Value {
  enum class Kind : u8 { Other, Integer, Text, Buffer, Package };
  Kind kind = Kind::Other;
  u64 number = 0;
  Bytes bytes;  // of a package: its elements
};

// Reads forwards. What does not fit makes it bad for good, and everything that it gives then is empty.
class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }
  Bytes rest() const { return rest_; }
  u8 peek() const { return rest_.empty() ? u8{0} : rest_[0]; }
  void fail() {
    good_ = false;
    rest_ = {};
  }

  Bytes take(usize count) {
    if (count > rest_.size()) fail();
    const Bytes taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return good_ ? taken : Bytes{};
  }
  u8 byte() {
    const Bytes one = take(1);
    return one.empty() ? u8{0} : one[0];
  }
  u64 integer(usize size) {
    u64 value = 0;
    const Bytes bytes = take(size);
    for (usize i = 0; i < bytes.size(); ++i) value |= u64{bytes[i]} << (8 * i);
    return value;
  }

  // What a PkgLength (20.2.4) spans, which counts itself.
  Bytes block() {
    const usize before = rest_.size();
    const u8 lead = byte();
    const u32 more = lead >> 6;
    usize length = more == 0 ? lead & 0x3f : lead & 0x0f;
    for (u32 i = 0; i < more; ++i) length |= usize{byte()} << (4 + 8 * i);
    const usize used = before - rest_.size();
    if (length < used) fail();
    return good_ ? take(length - used) : Bytes{};
  }

  // A name (20.2.2): its last segment, 0 for the empty one.
  u32 name() {
    constexpr u8 kRoot = '\\', kParent = '^', kDual = 0x2e, kMulti = 0x2f;
    while (peek() == kRoot || peek() == kParent) byte();
    usize segments = 1;
    switch (peek()) {
      case 0: byte(); return 0;
      case kDual:
        byte();
        segments = 2;
        break;
      case kMulti:
        byte();
        segments = byte();
        break;
      default: break;
    }
    u32 last = 0;
    for (usize i = 0; i < segments; ++i) last = static_cast<u32>(integer(4));
    return last;
  }

  // True if what comes is a name, not data: a package's elements may be either.
  bool at_name() const {
    constexpr u8 kRoot = '\\', kParent = '^', kDual = 0x2e, kMulti = 0x2f;
    const u8 next = peek();
    return (next >= 'A' && next <= 'Z') || next == '_' || next == kRoot || next == kParent || next == kDual ||
           next == kMulti;
  }

  Value data() {
    const u8 opcode = byte();
    switch (opcode) {
      case op::kZero: return number(0);
      case op::kOne: return number(1);
      case op::kOnes: return number(~u64{0});
      case op::kByte: return number(integer(1));
      case op::kWord: return number(integer(2));
      case op::kDword: return number(integer(4));
      case op::kQword: return number(integer(8));
      case op::kString: return text();
      case op::kBuffer: return buffer(block());
      case op::kPackage: return package(block());
      case op::kVarPackage: return variable_package(block());
      default: fail(); return {};
    }
  }

 private:
  static Value number(u64 value) { return {.kind = Value::Kind::Integer, .number = value, .bytes = {}}; }
  Value text() {
    const auto end = std::ranges::find(rest_, u8{0});
    const Bytes bytes = take(static_cast<usize>(end - rest_.begin()));
    byte();  // the NUL
    return {.kind = Value::Kind::Text, .number = 0, .bytes = bytes};
  }
  static Value package(Bytes contents) {
    if (contents.empty()) return {};
    return {.kind = Value::Kind::Package, .number = contents[0], .bytes = contents.subspan(1)};
  }
  // Its length is an expression, and may be plain data.
  static Value variable_package(Bytes contents) {
    Reader inside(contents);
    const Value length = inside.data();
    if (length.kind != Value::Kind::Integer) return {};
    return {.kind = Value::Kind::Package, .number = length.number, .bytes = inside.rest()};
  }
  // Its size, then as many bytes as are not zero at the end.
  static Value buffer(Bytes contents) {
    Reader inside(contents);
    const Value size = inside.data();
    if (size.kind != Value::Kind::Integer) return {};
    const usize length = std::min<u64>(size.number, inside.rest().size());
    return {.kind = Value::Kind::Buffer, .number = 0, .bytes = inside.rest().first(length)};
  }

  Bytes rest_;
  bool good_ = true;
};

}  // namespace lib::acpi::aml
