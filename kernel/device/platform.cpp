// Devices that no bus can be asked for: what the device tree lists, and host bridges and the keyboard controller by the
// ACPI tables.
#include <cstring>

#include "hal/bus.hpp"
#include "kernel/device/device.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/acpi/records.hpp"
#include "kernel/lib/format.hpp"

namespace device {
namespace {

using lib::fdt::Node;
using lib::fdt::Tree;

constexpr int kDepthMax = 8;  // of buses in the tree

void copy_name(Device& device, std::string_view name) {
  const usize length = std::min(name.size(), sizeof(device.info.name) - 1);
  memcpy(device.info.name, name.data(), length);
}

// The strings as they are, but for those that do not fit whole; the array ends with an empty one.
void copy_compatible(Device& device, lib::fdt::Bytes list) {
  usize room = std::min(list.size(), sizeof(device.info.compatible) - 1);
  while (room > 0 && list[room - 1] != '\0') --room;
  memcpy(device.info.compatible, list.data(), room);
}

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

// virtio over memory says itself what it is (virtio 1.2, 4.2.2).
u16 virtio_type_at(const hal_resource_t& registers) {
  constexpr u32 kMagic = 0x7472'6976, kDeviceId = 8, kSmallest = 0x100;
  if (registers.size < kSmallest) return 0;
  volatile void* at = hal_map_physical(registers.base, kSmallest, HAL_MMU_READ | HAL_MMU_DEVICE);
  if (at == nullptr) return 0;
  const bool is_virtio = hal_mmio_read32(at) == kMagic;
  const u32 type = hal_mmio_read32(static_cast<volatile u8*>(at) + kDeviceId);
  hal_unmap_physical(at, kSmallest);
  return is_virtio ? static_cast<u16>(type) : 0;
}

void add_node(const Tree& tree, Node node) {
  auto made = lib::make_own<Device>();
  if (!made) return LOG_ERROR("device", "no memory for a device");
  Device& device = **made;
  device.tree_node = node.offset;
  device.info.bus = HAL_BUS_DEVICE_TREE;
  device.info.irq = HAL_NO_IRQ;
  copy_name(device, tree.name(node));
  copy_compatible(device, tree.bytes(node, "compatible"));
  if (const auto registers = tree.reg(node)) {
    device.info.bar[0] = {.base = registers->base,
                          .size = registers->size,
                          .bus_base = registers->base,
                          .flags = HAL_RESOURCE_MEMORY,
                          .reserved = 0};
  }
  if (const auto interrupt = tree.interrupt(node)) {
    if (const auto line = hal::line_of(*interrupt)) device.info.irq = *line;
  }
  if (tree.text(node, "device_type") == "pci") add_windows(device, tree, node);
  if (tree.is_compatible(node, "virtio,mmio")) {
    device.info.virtio_type = virtio_type_at(device.info.bar[0]);
    if (device.info.virtio_type == 0) return;  // an empty slot
  }
  (void)add(std::move(*made));
}

void add_children(const Tree& tree, Node bus, int depth) {
  tree.for_each_child(bus, [&](Node node) {
    if (!tree.is_available(node) || tree.text(node, "device_type") == "memory") return;
    if (tree.has(node, "compatible") && tree.has(node, "reg")) add_node(tree, node);
    if (depth < kDepthMax && tree.is_compatible(node, "simple-bus")) add_children(tree, node, depth + 1);
  });
}

// A device that only its ACPI name is known of.
Result<lib::Own<Device>> make_acpi_device(const char* id, u32 unit) {
  auto made = TRY(lib::make_own<Device>());
  made->info.bus = HAL_BUS_ACPI;
  made->info.irq = HAL_NO_IRQ;
  lib::format_into(made->info.name, sizeof(made->info.name), "%s:%02x", id, unit);
  copy_compatible(*made, {reinterpret_cast<const u8*>(id), std::string_view(id).size() + 1});
  return made;
}

// PCI Express host bridges by the MCFG, else the first PC's way to configuration space.
void add_acpi_bridges() {
  const lib::acpi::Tables& tables = hal::acpi_tables();
  bool found = false;
  const auto add_bridge = [&](const char* id, const hal_resource_t& config, u32 address) {
    auto made = make_acpi_device(id, address >> 16);
    if (!made) return LOG_ERROR("device", "no memory for a device");
    (*made)->info.address = address;
    (*made)->info.bar[0] = config;
    found = true;
    (void)add(std::move(*made));
  };
  lib::acpi::for_each_config_space(tables.find(lib::acpi::signature("MCFG")), [&](const lib::acpi::ConfigSpace& space) {
    constexpr u64 kBusSize = 1 << 20;
    add_bridge("PNP0A08",
               {.base = space.base.value + space.first_bus * kBusSize,
                .size = (u64{space.last_bus} - space.first_bus + 1) * kBusSize,
                .bus_base = 0,
                .flags = HAL_RESOURCE_MEMORY,
                .reserved = 0},
               u32{space.segment} << 16 | u32{space.first_bus} << 8);
  });
  constexpr u64 kConfigPorts = 0xcf8, kConfigPortCount = 8;
  if (!found && hal_port_available()) {
    add_bridge(
        "PNP0A03",
        {.base = kConfigPorts, .size = kConfigPortCount, .bus_base = 0, .flags = HAL_RESOURCE_PORTS, .reserved = 0}, 0);
  }
}

// The PC's keyboard controller, at the ports that it has always had; its driver finds out whether it answers.
void add_keyboard_controller() {
  constexpr u64 kData = 0x60, kCommand = 0x64;
  constexpr u8 kIsaLine = 1;
  const auto line = hal::line_of_firmware(kIsaLine);
  const lib::acpi::Bytes fadt = hal::acpi_tables().find(lib::acpi::signature("FACP"));
  if (!hal_port_available() || !line || !lib::acpi::parse_fadt(fadt).may_have_8042) return;
  auto made = make_acpi_device("PNP0303", 0);
  if (!made) return LOG_ERROR("device", "no memory for a device");
  hal_device_t& info = (*made)->info;
  info.irq = *line;
  info.bar[0] = {.base = kData, .size = 1, .bus_base = kData, .flags = HAL_RESOURCE_PORTS, .reserved = 0};
  info.bar[1] = {.base = kCommand, .size = 1, .bus_base = kCommand, .flags = HAL_RESOURCE_PORTS, .reserved = 0};
  (void)add(std::move(*made));
}

}  // namespace

void add_platform_devices() {
  if (const Tree tree = hal::device_tree(); tree.valid()) {
    add_children(tree, tree.find("/"), 0);
    return;
  }
  add_acpi_bridges();
  add_keyboard_controller();
}

}  // namespace device
