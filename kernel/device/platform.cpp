#include "kernel/device/platform.hpp"

#include <cstring>

#include "hal/bus.hpp"

namespace device {
namespace {

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

}  // namespace

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

hal_resource_t memory_at(u64 base, u64 size) {
  return {.base = base, .size = size, .bus_base = base, .flags = HAL_RESOURCE_MEMORY, .reserved = 0};
}

void add_virtio(lib::Own<Device> device) {
  device->info.virtio_type = virtio_type_at(device->info.bar[0]);
  if (device->info.virtio_type != 0) (void)add(std::move(device));
}

void add_platform_devices() {
  const lib::fdt::Tree tree = hal::device_tree();
  return tree.valid() ? add_tree_devices(tree) : add_acpi_devices();
}

}  // namespace device
