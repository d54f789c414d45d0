// What a driver holds of a device: mappings of its registers, and memory that the device may reach.
#include "hal/layout.hpp"
#include "hal/mmu.h"
#include "kernel/device/pci.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/mm/frame.hpp"

namespace device {

void release_held(Device& device) {
  if (device.info.bus == HAL_BUS_PCI) pci_set_command(device, 0, kPciCommandMaster);
  hal_irq_free(&device.info);
  for (u32 i = 0; i < HAL_BAR_COUNT; ++i) {
    hal_unmap_physical(device.mapped[i], device.info.bar[i].size);
    device.mapped[i] = nullptr;
  }
}

namespace {

unsigned order_for(usize size) {
  unsigned order = 0;
  while ((kPageSize << order) < size) ++order;
  return order;
}

}  // namespace
}  // namespace device

using namespace device;

volatile void* hal_bus_map_bar(hal_device_t* info, uint32_t index) {
  Device& device = of(info);
  if (index >= HAL_BAR_COUNT) return nullptr;
  const hal_resource_t& bar = info->bar[index];
  if (bar.size == 0 || bar.base == 0 || (bar.flags & HAL_RESOURCE_KIND) != HAL_RESOURCE_MEMORY) return nullptr;
  if (device.mapped[index] == nullptr) {
    if (info->bus == HAL_BUS_PCI) pci_set_command(device, kPciCommandMemory, 0);
    device.mapped[index] = hal_map_physical(bar.base, bar.size, HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_DEVICE);
  }
  return device.mapped[index];
}

void* hal_dma_alloc(hal_device_t* /*device*/, size_t size, uint64_t* device_address) {
  if (size == 0 || size > (kPageSize << mm::kMaxOrder) || device_address == nullptr) return nullptr;
  const auto frame = mm::allocate_frames(order_for(size), mm::FrameKind::Kernel, mm::Allocate::Zeroed);
  if (!frame) return nullptr;
  *device_address = mm::address_of(*frame).value;
  return mm::memory_of(*frame);
}

void hal_dma_free(hal_device_t* /*device*/, void* memory, size_t /*size*/) {
  if (memory != nullptr) mm::release_frame(mm::frame_of(memory));
}
