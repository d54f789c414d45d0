// All block devices, by name and by number.
//
// add() enters a disk, looks for partitions on it and enters those too; a listener (fs/blockdev) hears of each, and
// makes its node. A device that was removed stays as long as somebody uses it, and answers ENODEV.
#pragma once

#include <string_view>

#include "kernel/block/device.hpp"

namespace block {

// EEXIST for a name or number that is taken, ENOMEM. Reads the disk for its partitions; their absence is no error. May
// sleep.
Status add(const lib::Ref<Device>& device);
// The device and its partitions.
void remove(Device& device);
// Looks at the partition table anew (BLKRRPART). EBUSY while a partition is in use, EINVAL for a partition.
Status rescan(Device& device);

// Empty where there is none.
lib::Ref<Device> find(std::string_view name);
lib::Ref<Device> find(Number number);
// The `index`-th device in the order of entering; empty behind the last.
lib::Ref<Device> at(usize index);

class Listener {
 public:
  virtual void added(Device& device) = 0;
  virtual void removed(Device& device) = 0;

 protected:
  ~Listener() = default;
};
// One, at boot; it hears of the devices that are there already, too.
void set_listener(Listener& listener);

}  // namespace block
