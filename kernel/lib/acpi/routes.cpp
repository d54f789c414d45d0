// PCI routing tables (ACPI 6.5, 6.2.13): a package of packages, each with an address, a pin, a source and its index.
#include "kernel/lib/acpi/aml.hpp"
#include "kernel/lib/acpi/aml_reader.hpp"

namespace lib::acpi {
namespace {

using aml::Reader;
using aml::Value;

// False: it is not plain data.
bool read_route(Bytes elements, PinRoute& out) {
  constexpr u32 kSlotShift = 16, kPins = 4;
  Reader reader(elements);
  const Value address = reader.data(), pin = reader.data();
  Value source{.kind = Value::Kind::Integer, .number = 0, .bytes = {}};
  out.link = 0;
  if (reader.at_name()) {
    out.link = reader.name();
  } else {
    source = reader.data();
  }
  const Value index = reader.data();
  for (const Value& value : {address, pin, source, index}) {
    if (value.kind != Value::Kind::Integer) return false;
  }
  if (!reader.good() || source.number != 0 || pin.number >= kPins) return false;
  out.slot = static_cast<u32>(address.number) >> kSlotShift;
  out.pin = static_cast<u32>(pin.number);
  out.number = static_cast<u32>(index.number);
  return true;
}

}  // namespace

void visit_routes(Bytes routes, RouteVisitor visit, void* context) {
  Reader reader(routes);
  while (!reader.at_end()) {
    const Value entry = reader.data();
    PinRoute route;
    if (entry.kind != Value::Kind::Package || !read_route(entry.bytes, route)) return;
    visit(context, route);
  }
}

}  // namespace lib::acpi
