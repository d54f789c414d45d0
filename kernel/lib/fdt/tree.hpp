// A flattened device tree (Devicetree Specification 0.4), read through libfdt.
//
// A Tree is a view: it owns nothing, and the blob must stay where it is. The blob's size is trusted (the boot loader
// gave it), nothing inside is: whatever is malformed counts as absent. No locks, no allocation, no pointers that need
// relocation, so that boot code uses it before the kernel runs at its own addresses. Look-ups walk the whole blob: not
// for hot paths.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "kernel/lib/types.hpp"

namespace lib::fdt {

using Bytes = std::span<const u8>;

// A node of a Tree; false where there is none.
struct Node {
  i32 offset = -1;
  explicit operator bool() const { return offset >= 0; }
  bool operator==(const Node&) const = default;
};

struct Region {
  u64 base = 0;  // physical address as the CPU sees it
  u64 size = 0;
};

// One interrupt, in the form of the controller that takes it.
struct Interrupt {
  static constexpr usize kMaxCells = 4;
  Node controller;
  u32 cells[kMaxCells] = {};
  usize count = 0;
};

// Where the messages of a device go: the controller, and what the device is called there.
struct MessageTarget {
  Node controller;
  u32 device = 0;
};

// `cells` 32-bit big-endian words from the start of `bytes` as one number; words above 64 bits are lost.
u64 read_cells(Bytes bytes, usize cells);

class Tree {
 public:
  Tree() = default;
  // Not valid() where the blob is no device tree or is larger than `limit`.
  Tree(const void* blob, usize limit);

  bool valid() const { return blob_ != nullptr; }
  usize size() const;

  // By path ("/chosen") or alias ("serial0"); what follows a ':' is ignored, as in stdout-path.
  Node find(std::string_view path) const;
  // The next node after `after` (first: {}) that is compatible and not disabled.
  Node find_compatible(const char* name, Node after = {}) const;
  Node find_phandle(u32 phandle) const;
  Node parent(Node node) const;
  Node first_child(Node node) const;
  Node next_sibling(Node child) const;
  template <class Fn>  // fn(Node)
  void for_each_child(Node node, Fn fn) const {
    for (Node child = first_child(node); child; child = next_sibling(child)) fn(child);
  }

  // The name with its unit address.
  std::string_view name(Node node) const;
  bool has(Node node, const char* property) const { return bytes(node, property).data() != nullptr; }
  // Without data where there is no such property.
  Bytes bytes(Node node, const char* property) const;
  // One or two cells.
  std::optional<u64> number(Node node, const char* property) const;
  // The first string, or the one of that index in a list; empty where there is none.
  std::string_view text(Node node, const char* property, usize index = 0) const;
  bool list_has(Node node, const char* property, std::string_view wanted) const;
  bool is_compatible(Node node, const char* name) const { return list_has(node, "compatible", name); }
  // "status" is absent or okay.
  bool is_available(Node node) const;

  // The device's registers, translated through the `ranges` of the buses above it.
  std::optional<Region> reg(Node node, usize index = 0) const;
  // Child address to CPU address, for the children of `bus`.
  std::optional<u64> translate(Node bus, u64 address) const;
  // "#address-cells" and "#size-cells" for the children of a node.
  usize address_cells(Node node) const { return cells(node, "#address-cells", 2); }
  usize size_cells(Node node) const { return cells(node, "#size-cells", 1); }

  // From interrupts-extended or interrupts with the inherited interrupt-parent.
  std::optional<Interrupt> interrupt(Node node, usize index = 0) const;
  // Through a bus's interrupt-map: `unit` is the child's unit address and interrupt specifier, in cells.
  std::optional<Interrupt> map_interrupt(Node bus, std::span<const u32> unit) const;

  // Through a bus's msi-map, else its msi-parent: `id` is the child's requester id.
  std::optional<MessageTarget> message_target(Node bus, u32 id) const;

  // RAM: fn(Region).
  template <class Fn>
  void for_each_memory(Fn fn) const {
    for_each_child(find("/"), [&](Node node) {
      if (text(node, "device_type") != "memory" || !is_available(node)) return;
      for (usize i = 0;; ++i) {
        const auto region = reg(node, i);
        if (!region) return;
        fn(*region);
      }
    });
  }

  // Memory that is taken: fn(Region, bool no_map). The blob's reservation block and /reserved-memory.
  template <class Fn>
  void for_each_reserved(Fn fn) const {
    Region region;
    for (usize i = 0; reservation(i, region); ++i) fn(region, false);
    for_each_child(find("/reserved-memory"), [&](Node node) {
      if (!is_available(node)) return;
      for (usize i = 0;; ++i) {
        const auto taken = reg(node, i);
        if (!taken) return;
        fn(*taken, has(node, "no-map"));
      }
    });
  }

  // Processors that are not disabled: fn(Node, u64 hardware id).
  template <class Fn>
  void for_each_cpu(Fn fn) const {
    const Node cpus = find("/cpus");
    const usize id_cells = address_cells(cpus);
    for_each_child(cpus, [&](Node node) {
      if (text(node, "device_type") != "cpu" || !is_available(node)) return;
      const Bytes id = bytes(node, "reg");
      if (id.size() >= id_cells * 4) fn(node, read_cells(id, id_cells));
    });
  }

  // /chosen
  std::string_view boot_arguments() const { return text(find("/chosen"), "bootargs"); }
  Region initramfs() const;
  Bytes random_seed() const { return bytes(find("/chosen"), "rng-seed"); }
  u64 kaslr_seed() const { return number(find("/chosen"), "kaslr-seed").value_or(0); }
  Node standard_output() const;
  // Overwrites the seeds in the blob, which must be writable: nobody is to read them from the tree later.
  void forget_seeds() const;

 private:
  usize cells(Node node, const char* property, usize otherwise) const;
  bool reservation(usize index, Region& out) const;
  Node interrupt_parent(Node node) const;
  std::optional<Interrupt> read_interrupt(Node controller, Bytes cells) const;

  const void* blob_ = nullptr;
};

}  // namespace lib::fdt
