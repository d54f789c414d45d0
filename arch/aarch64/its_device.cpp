#include "arch/aarch64/its_device.hpp"

#include <bit>

#include "arch/aarch64/cache.hpp"
#include "arch/aarch64/lpi.hpp"
#include "hal/mem.h"

namespace hal::arch {

Result<lib::Own<ItsDevice>> ItsDevice::create(Its& its, u32 id, u32 count, usize table_entry) {
  constexpr usize kAlignment = 256;  // MAPD (IHI 0069H 5.3.11)
  auto device = TRY(lib::make_own<ItsDevice>());
  TRY(device->events.resize(count));
  // MAPD counts in bits, at least one.
  device->event_bits = count <= 2 ? 1 : static_cast<unsigned>(std::bit_width(count - 1));
  const usize size = table_entry << device->event_bits;
  device->table = hal_alloc(size, kAlignment);
  if (device->table == nullptr) return Err(Errno::ENOMEM);
  clean_to_memory(device->table, size);
  device->its = &its;
  device->id = id;
  return device;
}

ItsDevice::~ItsDevice() { hal_free(table); }

ItsDevice* find_device(ItsDevices& devices, const Its& its, u32 id) {
  for (ItsDevice& device : devices) {
    if (device.its == &its && device.id == id) return &device;
  }
  return nullptr;
}

ItsDevice* find_owner(ItsDevices& devices, u32 line) {
  for (ItsDevice& device : devices) {
    if (device.has_line(line)) return &device;
  }
  return nullptr;
}

Status insert_device(ItsDevices& devices, ItsDevice& device) {
  const u32 count = static_cast<u32>(device.events.size());
  u32 first = kFirstLpi;
  auto place = devices.begin();
  for (; place != devices.end() && place->first_line - first < count; ++place) {
    first = place->first_line + static_cast<u32>(place->events.size());
  }
  if (lpi_end() - first < count) return Err(Errno::ENOSPC);
  device.first_line = first;
  devices.insert(place, device);
  return {};
}

}  // namespace hal::arch
