// Byte code as data: names and lengths as in ACPI 6.5, chapter 20.2.
#include "kernel/lib/acpi/aml.hpp"

#include <algorithm>

namespace lib::acpi {
namespace {

constexpr int kDepthMax = 16;  // of scopes and devices in each other

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
  enum class Kind : u8 { Other, Integer, Text, Buffer };
  Kind kind = Kind::Other;
  u64 number = 0;
  Bytes bytes;
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
      case op::kPackage:
      case op::kVarPackage: block(); return {};
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

// An id of EISA's kind: three letters of five bits, then four hexadecimal digits, the most significant byte first
// (19.3.4).
void write_eisa_id(u32 value, char (&out)[9]) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  const u32 id = __builtin_bswap32(value);
  for (u32 i = 0; i < 3; ++i) out[i] = static_cast<char>('@' + (id >> (26 - 5 * i) & 0x1f));
  for (u32 i = 0; i < 4; ++i) out[3 + i] = kDigits[id >> (12 - 4 * i) & 0xf];
  out[7] = '\0';
}

void note(DeviceDescription& device, u32 name, const Value& value) {
  constexpr u64 kPresent = 1;
  const bool is_number = value.kind == Value::Kind::Integer;
  if (name == signature("_HID") && is_number) write_eisa_id(static_cast<u32>(value.number), device.id);
  if (name == signature("_HID") && value.kind == Value::Kind::Text) {
    const usize length = std::min(value.bytes.size(), sizeof(device.id) - 1);
    std::copy_n(value.bytes.begin(), length, device.id);
    device.id[length] = '\0';
  }
  if (name == signature("_UID") && is_number) device.unit = value.number;
  if (name == signature("_STA") && is_number) device.is_present = (value.number & kPresent) != 0;
  if (name == signature("_CRS") && value.kind == Value::Kind::Buffer) device.resources = value.bytes;
}

class Walker {
 public:
  Walker(DeviceVisitor visit, void* context) : visit_(visit), context_(context) {}

  // The terms of a scope; `owner` is the device that it belongs to.
  void walk(Bytes terms, DeviceDescription* owner, int depth) {
    Reader reader(terms);
    while (!reader.at_end() && depth < kDepthMax) read_term(reader, owner, depth);
  }

 private:
  void read_term(Reader& reader, DeviceDescription* owner, int depth) {
    switch (reader.byte()) {
      case op::kScope: read_scope(reader.block(), depth); break;
      case op::kName: read_name(reader, owner); break;
      case op::kMethod: read_method(reader.block(), owner); break;
      case op::kExtended: read_extended(reader, depth); break;
      case op::kAlias:
        reader.name();
        reader.name();
        break;
      case op::kExternal:
        reader.name();
        reader.take(2);
        break;
      case op::kIf:
      case op::kElse:
      case op::kWhile: reader.block(); break;
      default: reader.fail();
    }
  }

  void read_extended(Reader& reader, int depth) {
    switch (reader.byte()) {
      case op::kDevice: read_device(reader.block(), depth); break;
      case op::kField:
      case op::kProcessor:
      case op::kPowerResource:
      case op::kThermalZone:
      case op::kIndexField:
      case op::kBankField: reader.block(); break;
      case op::kMutex:
        reader.name();
        reader.byte();
        break;
      case op::kEvent: reader.name(); break;
      case op::kRegion:
        reader.name();
        reader.byte();
        reader.data();
        reader.data();
        break;
      default: reader.fail();
    }
  }

  void read_scope(Bytes block, int depth) {
    Reader reader(block);
    reader.name();
    walk(reader.rest(), nullptr, depth + 1);
  }

  void read_device(Bytes block, int depth) {
    Reader reader(block);
    reader.name();
    DeviceDescription device;
    walk(reader.rest(), &device, depth + 1);
    if (reader.good()) visit_(context_, device);
  }

  static void read_name(Reader& reader, DeviceDescription* owner) {
    const u32 name = reader.name();
    const Value value = reader.data();
    if (reader.good() && owner != nullptr) note(*owner, name, value);
  }

  static void read_method(Bytes block, DeviceDescription* owner) {
    constexpr u8 kArguments = 7;
    Reader reader(block);
    const u32 name = reader.name();
    const u8 flags = reader.byte();
    if (owner == nullptr || (flags & kArguments) != 0 || reader.byte() != op::kReturn) return;
    const Value value = reader.data();
    if (reader.good()) note(*owner, name, value);
  }

  const DeviceVisitor visit_;
  void* const context_;
};

}  // namespace

void visit_devices(Bytes block, DeviceVisitor visit, void* context) {
  if (block.size() < kHeaderSize) return;
  Walker(visit, context).walk(block.subspan(kHeaderSize), nullptr, 0);
}

}  // namespace lib::acpi
