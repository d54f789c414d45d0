// Partitions: parts of a disk as devices of their own (vda1).
#pragma once

#include "kernel/block/device.hpp"
#include "kernel/lib/vector.hpp"

namespace block {

// A partition has its disk's number plus its own: as many minors as a disk is given (Linux's virtblk).
inline constexpr u32 kMinorsPerDisk = 16;

// Appends a device for each partition that the disk's table names (none, if it has no table). EIO, ENOMEM. May sleep.
Status find_partitions(Device& disk, lib::Vector<lib::Ref<Device>>& found);

}  // namespace block
