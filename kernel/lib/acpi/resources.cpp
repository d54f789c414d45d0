// Resource templates (ACPI 6.5, 6.4): a list of descriptors, small ones with their length in the tag, large ones with
// a length of two bytes.
#include <iterator>

#include "kernel/lib/acpi/aml.hpp"

namespace lib::acpi {
namespace {

constexpr u8 kLarge = 0x80;
// Small: the type in bits 3 to 6 (table 6.33).
constexpr u8 kIrq = 0x04, kPorts = 0x08, kFixedPorts = 0x09, kEnd = 0x0f;
// Large (table 6.43).
constexpr u8 kMemory32 = 0x85, kMemory32Fixed = 0x86, kDwordSpace = 0x87, kWordSpace = 0x88, kExtendedInterrupt = 0x89,
             kQwordSpace = 0x8a;

struct Emit {
  ResourceVisitor visit = nullptr;
  void* context = nullptr;

  void range(Resource::Kind kind, u64 base, u64 size) const { window(kind, base, size, base, false); }
  void window(Resource::Kind kind, u64 base, u64 size, u64 bus_base, bool is_window) const {
    if (size == 0 || base + (size - 1) < base || bus_base + (size - 1) < bus_base) return;
    visit(context,
          {.kind = kind, .base = base, .size = size, .bus_base = bus_base, .is_window = is_window, .interrupt = {}});
  }
  void interrupt(const Interrupt& line) const {
    Resource found;
    found.kind = Resource::Kind::Interrupt;
    found.interrupt = line;
    visit(context, found);
  }
};

// 6.4.2.1: a bit for each of 16 lines; without the third byte they are edges, active high.
void emit_irq(const Emit& emit, Bytes body) {
  if (body.size() < 2) return;
  const u16 lines = read<u16>(body, 0);
  const u8 flags = body.size() > 2 ? body[2] : u8{1};
  for (u32 line = 0; line < 16; ++line) {
    if ((lines >> line & 1) != 0) emit.interrupt({line, (flags & 1) != 0, (flags & 8) != 0});
  }
}

// 6.4.3.6.
void emit_extended_interrupt(const Emit& emit, Bytes body) {
  constexpr u8 kEdge = 2, kActiveLow = 4;
  if (body.size() < 2) return;
  const usize count = body[1];
  for (usize i = 0; i < count && 2 + 4 * (i + 1) <= body.size(); ++i) {
    emit.interrupt({read<u32>(body, 2 + 4 * i), (body[0] & kEdge) != 0, (body[0] & kActiveLow) != 0});
  }
}

// 6.4.3.5: type, two bytes of flags, then granularity, lowest, highest, translation and length, each of `width` bytes.
// What the bus sees is `lowest`; the CPU sees it `translation` higher.
template <class Word>
void emit_space(const Emit& emit, Bytes body) {
  constexpr u8 kConsumer = 1;
  constexpr Resource::Kind kKinds[] = {Resource::Kind::Memory, Resource::Kind::Ports, Resource::Kind::Buses};
  constexpr usize kFirst = 3;
  if (body.size() < kFirst + 5 * sizeof(Word)) return;
  const u8 type = body[0];
  if (type >= std::size(kKinds)) return;
  const auto field = [&](usize index) { return u64{read<Word>(body, kFirst + index * sizeof(Word))}; };
  emit.window(kKinds[type], field(1) + field(3), field(4), field(1), (body[1] & kConsumer) == 0);
}

void emit_large(const Emit& emit, u8 tag, Bytes body) {
  switch (tag) {
    case kMemory32Fixed:  // 6.4.3.4: a byte of flags, base, length
      if (body.size() >= 9) emit.range(Resource::Kind::Memory, read<u32>(body, 1), read<u32>(body, 5));
      break;
    case kMemory32:  // 6.4.3.3: a byte of flags, lowest, highest, alignment, length
      if (body.size() >= 17) emit.range(Resource::Kind::Memory, read<u32>(body, 1), read<u32>(body, 13));
      break;
    case kExtendedInterrupt: emit_extended_interrupt(emit, body); break;
    case kWordSpace: emit_space<u16>(emit, body); break;
    case kDwordSpace: emit_space<u32>(emit, body); break;
    case kQwordSpace: emit_space<u64>(emit, body); break;
    default: break;
  }
}

void emit_small(const Emit& emit, u8 type, Bytes body) {
  switch (type) {
    case kIrq: emit_irq(emit, body); break;
    case kPorts:  // 6.4.2.5: a byte of flags, lowest, highest, alignment, length
      if (body.size() >= 7) emit.range(Resource::Kind::Ports, read<u16>(body, 1), body[6]);
      break;
    case kFixedPorts:  // 6.4.2.6: base, length
      if (body.size() >= 3) emit.range(Resource::Kind::Ports, read<u16>(body, 0), body[2]);
      break;
    default: break;
  }
}

}  // namespace

void visit_resources(Bytes resources, ResourceVisitor visit, void* context) {
  const Emit emit{visit, context};
  while (!resources.empty()) {
    const u8 tag = resources[0];
    const bool is_large = (tag & kLarge) != 0;
    const usize header = is_large ? 3 : 1;
    if (resources.size() < header) return;
    const usize length = is_large ? read<u16>(resources, 1) : tag & 7;
    if (resources.size() - header < length) return;
    const Bytes body = resources.subspan(header, length);
    const u8 type = tag >> 3;
    if (!is_large && type == kEnd) return;
    if (is_large) {
      emit_large(emit, tag, body);
    } else {
      emit_small(emit, type, body);
    }
    resources = resources.subspan(header + length);
  }
}

}  // namespace lib::acpi
