// What network drivers call (kernel/driver_loader.h).

#include "hal/cpu.hpp"
#include "kernel/diag/log.hpp"
#include "net/device/interface.hpp"
#include "net/inet/core.hpp"

namespace net {
namespace {

constexpr u32 kLeastMtu = 1500;

// Handles are few; a table by handle spares the interrupt path the core lock.
constexpr usize kMostInterfaces = 64;
std::atomic<Interface*> g_by_handle[kMostInterfaces];

Interface* by_handle(driver_handle_t handle) {
  return handle < kMostInterfaces ? g_by_handle[handle].load(std::memory_order_acquire) : nullptr;
}

PageBuffer& buffer_of(uint64_t tag) { return *reinterpret_cast<PageBuffer*>(tag); }

struct LinkChange {
  hal_work_t work{};
  Interface* interface = nullptr;
  std::atomic<bool> up = false;
};
LinkChange g_link_changes[kMostInterfaces];

void apply_link_change(void* context) {
  auto& change = *static_cast<LinkChange*>(context);
  if (change.interface != nullptr) change.interface->set_link(change.up.load());
}

}  // namespace
}  // namespace net

using namespace net;

hal_status_t network_add(hal_device_t* device, const network_info_t* info, const network_ops_t* ops, void* context,
                         driver_handle_t* interface) {
  if (info == nullptr || ops == nullptr || info->max_mtu < kLeastMtu || info->max_segments == 0) return HAL_INVALID;
  if (info->receive_buffer_size > kPageSize) return HAL_INVALID;
  const auto made = Interface::create(*info, *ops, context);
  if (!made) return HAL_NO_MEMORY;
  Interface& fresh = **made;
  if (fresh.handle >= kMostInterfaces) {
    fresh.remove();
    return HAL_NO_MEMORY;
  }
  fresh.hardware.store(device);
  *interface = fresh.handle;
  g_by_handle[fresh.handle].store(&fresh, std::memory_order_release);
  g_link_changes[fresh.handle].work = {apply_link_change, &g_link_changes[fresh.handle], {}};
  g_link_changes[fresh.handle].interface = &fresh;
  const u8* mac = info->address;
  LOG_INFO("net", "%s: %s, %02x:%02x:%02x:%02x:%02x:%02x", fresh.name, device->name, mac[0], mac[1], mac[2], mac[3],
           mac[4], mac[5]);
  return HAL_OK;
}

void network_remove(driver_handle_t handle) {
  Interface* interface = by_handle(handle);
  if (interface == nullptr) return;
  hal_work_cancel(&g_link_changes[handle].work);
  g_link_changes[handle].interface = nullptr;
  g_by_handle[handle].store(nullptr, std::memory_order_release);
  interface->remove();
}

hal_status_t network_buffer_take(driver_handle_t handle, network_buffer_t* buffer) {
  Interface* interface = by_handle(handle);
  if (interface == nullptr) return HAL_INVALID;
  const auto taken = interface->take_buffer();
  if (!taken) return HAL_NO_MEMORY;
  buffer->tag = reinterpret_cast<u64>(*taken);
  buffer->segment = (*taken)->segment;
  return HAL_OK;
}

void network_buffer_return(driver_handle_t handle, uint64_t tag) {
  if (Interface* interface = by_handle(handle)) interface->give_back(buffer_of(tag));
}

void network_received(driver_handle_t handle, uint64_t tag, uint32_t offset, uint32_t length, uint32_t /*flags*/) {
  Interface* interface = by_handle(handle);
  if (interface == nullptr) return;
  // What a driver passes on comes from a device: it must lie in the buffer, and be a frame at all.
  const bool fits = offset <= kPageSize && length <= kPageSize - offset && length >= 14;
  if (fits) {
    interface->received(buffer_of(tag), offset, length);
  } else {
    interface->give_back(buffer_of(tag));
  }
}

void network_sent(driver_handle_t handle, uint32_t /*queue*/, uint64_t tag, hal_status_t status) {
  if (Interface* interface = by_handle(handle)) interface->sent(buffer_of(tag), status == HAL_OK);
}

void network_poll_wanted(driver_handle_t handle, uint32_t /*queue*/) {
  if (Interface* interface = by_handle(handle)) interface->want_poll();
}

void network_link(driver_handle_t handle, bool up, uint32_t /*megabits_per_second*/) {
  if (by_handle(handle) == nullptr) return;
  g_link_changes[handle].up.store(up);
  hal_work_schedule(&g_link_changes[handle].work);
}
