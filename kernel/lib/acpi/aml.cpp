#include "kernel/lib/acpi/aml.hpp"

#include "kernel/lib/acpi/aml_reader.hpp"

namespace lib::acpi {
namespace {

namespace op = aml::op;
using aml::Reader;
using aml::Value;

constexpr int kDepthMax = 16;  // of scopes and devices in each other

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
  if (name == signature("_SEG") && is_number) device.segment = static_cast<u32>(value.number);
  if (name == signature("_BBN") && is_number) device.first_bus = static_cast<u32>(value.number);
  if (name == signature("_CBA") && is_number) device.config_base = value.number;
  if (name == signature("_PRT") && value.kind == Value::Kind::Package) device.routes = value.bytes;
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
    DeviceDescription device;
    device.name = reader.name();
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
