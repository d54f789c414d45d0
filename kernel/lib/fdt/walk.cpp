// Addresses and interrupts: what a property says in the terms of its parents (Devicetree Specification 0.4, 2.3 and
// 2.4).
#include <algorithm>

#include "kernel/lib/fdt/tree.hpp"

namespace lib::fdt {
namespace {

constexpr usize kCell = 4;
// More nodes above one another than any machine has; a tree of interrupt parents may be a circle.
constexpr int kMostParents = 16;

Bytes drop(Bytes bytes, usize cells) { return bytes.subspan(std::min(cells * kCell, bytes.size())); }

}  // namespace

std::optional<u64> Tree::translate(Node bus, u64 address) const {
  for (int depth = 0; depth < kMostParents && bus; ++depth) {
    const Node above = parent(bus);
    if (!above) return address;  // `bus` is the root
    if (!has(bus, "ranges")) return {};
    const usize child_cells = address_cells(bus), parent_cells = address_cells(above), length_cells = size_cells(bus);
    const usize entry = (child_cells + parent_cells + length_cells) * kCell;
    Bytes ranges = bytes(bus, "ranges");
    bool found = ranges.empty();  // empty: the same addresses
    for (; !found && entry != 0 && ranges.size() >= entry; ranges = ranges.subspan(entry)) {
      const u64 child = read_cells(ranges, child_cells);
      const u64 base = read_cells(drop(ranges, child_cells), parent_cells);
      const u64 length = read_cells(drop(ranges, child_cells + parent_cells), length_cells);
      if (address < child || address - child >= length) continue;
      address = address - child + base;
      found = true;
    }
    if (!found) return {};
    bus = above;
  }
  return {};
}

std::optional<Region> Tree::reg(Node node, usize index) const {
  const Node bus = parent(node);
  const usize base_cells = address_cells(bus), length_cells = size_cells(bus);
  const Bytes all = bytes(node, "reg");
  const usize entry = (base_cells + length_cells) * kCell;
  if (base_cells == 0 || index >= all.size() / entry) return {};
  const Bytes own = all.subspan(index * entry, entry);
  const auto base = translate(bus, read_cells(own, base_cells));
  if (!base) return {};
  return Region{*base, read_cells(drop(own, base_cells), length_cells)};
}

Node Tree::interrupt_parent(Node node) const {
  for (int depth = 0; depth < kMostParents && node; ++depth) {
    if (const auto phandle = number(node, "interrupt-parent")) return find_phandle(static_cast<u32>(*phandle));
    node = parent(node);
  }
  return {};
}

std::optional<Interrupt> Tree::read_interrupt(Node controller, Bytes specifier) const {
  Interrupt found{.controller = controller, .count = cells(controller, "#interrupt-cells", 0)};
  if (!controller || found.count == 0 || specifier.size() < found.count * kCell) return {};
  for (usize i = 0; i < found.count; ++i) found.cells[i] = static_cast<u32>(read_cells(drop(specifier, i), 1));
  return found;
}

std::optional<Interrupt> Tree::interrupt(Node node, usize index) const {
  if (Bytes rest = bytes(node, "interrupts-extended"); rest.data() != nullptr) {
    for (;; --index) {
      if (rest.size() < kCell) return {};
      const Node controller = find_phandle(static_cast<u32>(read_cells(rest, 1)));
      rest = drop(rest, 1);
      if (index == 0) return read_interrupt(controller, rest);
      const usize count = cells(controller, "#interrupt-cells", 0);
      if (!controller) return {};
      rest = drop(rest, count);
    }
  }
  const Node controller = interrupt_parent(node);
  const usize count = cells(controller, "#interrupt-cells", 0);
  const Bytes all = bytes(node, "interrupts");
  if (count == 0 || index >= all.size() / (count * kCell)) return {};
  return read_interrupt(controller, drop(all, index * count));
}

std::optional<Interrupt> Tree::map_interrupt(Node bus, std::span<const u32> unit) const {
  const usize unit_cells = address_cells(bus) + cells(bus, "#interrupt-cells", 0);
  const Bytes mask = bytes(bus, "interrupt-map-mask");
  if (unit.size() != unit_cells) return {};
  Bytes rest = bytes(bus, "interrupt-map");
  while (rest.size() > unit_cells * kCell) {
    bool same = true;
    for (usize i = 0; i < unit_cells; ++i) {
      const u32 bits = mask.size() >= unit_cells * kCell ? static_cast<u32>(read_cells(drop(mask, i), 1)) : ~u32{0};
      same = same && ((unit[i] ^ static_cast<u32>(read_cells(drop(rest, i), 1))) & bits) == 0;
    }
    rest = drop(rest, unit_cells);
    const Node controller = find_phandle(static_cast<u32>(read_cells(rest, 1)));
    if (!controller) return {};
    // An interrupt controller without children has no unit addresses: the default of 2 does not count here.
    rest = drop(rest, 1 + cells(controller, "#address-cells", 0));
    if (same) return read_interrupt(controller, rest);
    rest = drop(rest, cells(controller, "#interrupt-cells", 0));
  }
  return {};
}

// Linux Documentation/devicetree/bindings/pci/pci-msi.txt: ranges of ids as (first, controller, first there, length).
std::optional<MessageTarget> Tree::message_target(Node bus, u32 id) const {
  constexpr usize kEntry = 4;
  Bytes map = bytes(bus, "msi-map");
  if (map.data() == nullptr) {
    const Bytes above = bytes(bus, "msi-parent");
    const Node controller = above.size() < kCell ? Node{} : find_phandle(static_cast<u32>(read_cells(above, 1)));
    return controller ? std::optional(MessageTarget{controller, id}) : std::nullopt;
  }
  const u32 masked = id & static_cast<u32>(number(bus, "msi-map-mask").value_or(~u32{0}));
  for (; map.size() >= kEntry * kCell; map = drop(map, kEntry)) {
    const auto cell = [&](usize index) { return static_cast<u32>(read_cells(drop(map, index), 1)); };
    const u32 first = cell(0), length = cell(3);
    if (masked < first || masked - first >= length) continue;
    const Node controller = find_phandle(cell(1));
    return controller ? std::optional(MessageTarget{controller, masked - first + cell(2)}) : std::nullopt;
  }
  return {};
}

}  // namespace lib::fdt
