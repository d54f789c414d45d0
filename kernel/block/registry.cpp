#include "kernel/block/registry.hpp"

#include "kernel/block/partition.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/vector.hpp"
#include "kernel/sync/locked.hpp"

namespace block {
namespace {

struct Devices {
  lib::Vector<lib::Ref<Device>> list;
};
sync::Locked<Devices, sync::LockClass::BlockDevice> g_devices;
std::atomic<Listener*> g_listener = nullptr;

Status enter(lib::Ref<Device> device) {
  Device& entered = *device;
  TRY(g_devices.with([&](Devices& devices) -> Status {
    for (const auto& other : devices.list) {
      const bool same_name = std::string_view(other->name()) == entered.name();
      if (same_name || other->number() == entered.number()) return Err(Errno::EEXIST);
    }
    return devices.list.push(std::move(device));
  }));
  if (Listener* listener = g_listener.load()) listener->added(entered);
  return {};
}

void leave(Device& device) {
  lib::Ref<Device> gone(device);
  if (Listener* listener = g_listener.load()) listener->removed(device);
  g_devices.with([&](Devices& devices) {
    for (usize i = 0; i < devices.list.size(); ++i) {
      if (devices.list[i].get() != &device) continue;
      devices.list.remove_at(i);
      return;
    }
  });
}

lib::Ref<Device> first_partition_of(Device& device) {
  return g_devices.with([&](Devices& devices) {
    for (const auto& other : devices.list) {
      if (other->whole() == &device) return other;
    }
    return lib::Ref<Device>();
  });
}

void add_partitions(Device& device) {
  lib::Vector<lib::Ref<Device>> found;
  if (const Status scanned = find_partitions(device, found); !scanned) {
    LOG_WARNING("block", "%s: the partition table cannot be read (error %d)", device.name(),
                static_cast<int>(scanned.error()));
  }
  for (auto& partition : found) {
    LOG_INFO("block", "%s: %lu KiB", partition->name(), partition->bytes() / KiB);
    if (const Status entered = enter(partition); !entered) {
      LOG_WARNING("block", "%s: not entered (error %d)", partition->name(), static_cast<int>(entered.error()));
    }
  }
}

}  // namespace

Status add(const lib::Ref<Device>& device) {
  TRY(enter(device));
  LOG_INFO("block", "%s: %lu KiB, sectors of %u bytes%s", device->name(), device->bytes() / KiB,
           device->description().sector_size, device->is_read_only() ? ", read-only" : "");
  add_partitions(*device);
  return {};
}

void remove(Device& device) {
  while (lib::Ref<Device> partition = first_partition_of(device)) leave(*partition);
  leave(device);
}

Status rescan(Device& device) {
  if (device.whole() != nullptr) return Err(Errno::EINVAL);
  const bool busy = g_devices.with([&](Devices& devices) {
    for (const auto& other : devices.list) {
      if (other->whole() == &device && other->reference_count() > 1) return true;
    }
    return false;
  });
  if (busy) return Err(Errno::EBUSY);
  while (lib::Ref<Device> partition = first_partition_of(device)) leave(*partition);
  add_partitions(device);
  return {};
}

lib::Ref<Device> find(std::string_view name) {
  return g_devices.with([&](Devices& devices) {
    for (const auto& device : devices.list) {
      if (name == device->name()) return device;
    }
    return lib::Ref<Device>();
  });
}

lib::Ref<Device> find(Number number) {
  return g_devices.with([&](Devices& devices) {
    for (const auto& device : devices.list) {
      if (device->number() == number) return device;
    }
    return lib::Ref<Device>();
  });
}

lib::Ref<Device> at(usize index) {
  return g_devices.with(
      [&](Devices& devices) { return index < devices.list.size() ? devices.list[index] : lib::Ref<Device>(); });
}

void set_listener(Listener& listener) {
  g_listener.store(&listener);
  for (usize i = 0; lib::Ref<Device> device = at(i); ++i) listener.added(*device);
}

}  // namespace block
