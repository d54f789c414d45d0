// Devices by the device tree.
#include "hal/bus.hpp"
#include "kernel/device/platform.hpp"
#include "kernel/diag/log.hpp"

namespace device {
namespace {

using lib::fdt::Node;
using lib::fdt::Tree;

constexpr int kDepthMax = 8;  // of buses in the tree

// The windows of a PCI host bridge (IEEE 1275 PCI binding 2.2.1.1 and the `ranges` property): 3 cells of PCI address,
// the CPU's address, the size.
void add_windows(Device& device, const Tree& tree, Node node) {
  constexpr usize kPciCells = 3, kSizeCells = 2;
  constexpr u32 kSpaceShift = 24, kSpaceMask = 3, kPorts = 1, kMemory32 = 2, kMemory64 = 3, kPrefetch = 1u << 30;
  const usize cpu_cells = tree.address_cells(tree.parent(node));
  const usize stride = (kPciCells + cpu_cells + kSizeCells) * 4;
  const lib::fdt::Bytes ranges = tree.bytes(node, "ranges");
  usize bar = 1;
  for (usize at = 0; at + stride <= ranges.size() && bar < HAL_BAR_COUNT; at += stride) {
    const u32 kind = static_cast<u32>(lib::fdt::read_cells(ranges.subspan(at), 1));
    const u32 space = kind >> kSpaceShift & kSpaceMask;
    hal_resource_t& window = device.info.bar[bar];
    window.bus_base = lib::fdt::read_cells(ranges.subspan(at + 4), 2);
    window.base = lib::fdt::read_cells(ranges.subspan(at + kPciCells * 4), cpu_cells);
    window.size = lib::fdt::read_cells(ranges.subspan(at + (kPciCells + cpu_cells) * 4), kSizeCells);
    window.flags = HAL_RESOURCE_WINDOW | (space == kPorts ? HAL_RESOURCE_PORTS : HAL_RESOURCE_MEMORY) |
                   (space == kMemory64 ? HAL_RESOURCE_64BIT : 0) |
                   ((kind & kPrefetch) != 0 ? HAL_RESOURCE_PREFETCH : 0);
    if (space == kPorts || space == kMemory32 || space == kMemory64) ++bar;
  }
}

u32 line_of(const Tree& tree, Node node) {
  const auto interrupt = tree.interrupt(node);
  if (!interrupt) return HAL_NO_IRQ;
  return hal::line_of(*interrupt).value_or(HAL_NO_IRQ);
}

void add_node(const Tree& tree, Node node) {
  auto made = lib::make_own<Device>();
  if (!made) return LOG_ERROR("device", "no memory for a device");
  Device& device = **made;
  device.tree_node = node.offset;
  device.info.bus = HAL_BUS_DEVICE_TREE;
  copy_name(device, tree.name(node));
  copy_compatible(device, tree.bytes(node, "compatible"));
  device.info.irq = line_of(tree, node);
  if (const auto registers = tree.reg(node)) device.info.bar[0] = memory_at(registers->base, registers->size);
  if (tree.is_compatible(node, "virtio,mmio")) return add_virtio(std::move(*made));
  if (tree.text(node, "device_type") == "pci") add_windows(device, tree, node);
  (void)add(std::move(*made));
}

void add_children(const Tree& tree, Node bus, int depth) {
  tree.for_each_child(bus, [&](Node node) {
    if (!tree.is_available(node) || tree.text(node, "device_type") == "memory") return;
    if (tree.has(node, "compatible") && tree.has(node, "reg")) add_node(tree, node);
    if (depth < kDepthMax && tree.is_compatible(node, "simple-bus")) add_children(tree, node, depth + 1);
  });
}

}  // namespace

void add_tree_devices(const Tree& tree) { add_children(tree, tree.find("/"), 0); }

}  // namespace device
