// What open() makes of files by their type: contents and names through the generic classes, devices and FIFOs through
// those who registered for them.
#pragma once

#include "fs/vfs/file.hpp"

namespace vfs {

// ENXIO for a device that nobody drives, or a socket.
Result<lib::Ref<File>> open_by_type(Inode& inode, const Path& path, u32 flags);

using DeviceOpen = Result<lib::Ref<File>> (*)(void* context, DeviceNumber number, const Path& path, u32 flags);

// Character or block devices with this major number and minors [first, first + count). EBUSY where taken, ENOMEM.
Status register_device(FileType type, u32 major, u32 first, u32 count, DeviceOpen open, void* context);
void unregister_device(FileType type, u32 major, u32 first);

// Who opens FIFOs; kernel/ipc.
using FifoOpen = Result<lib::Ref<File>> (*)(Inode& inode, const Path& path, u32 flags);
void set_fifo_open(FifoOpen open);

}  // namespace vfs
