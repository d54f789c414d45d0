#include "fs/vfs/special.hpp"

#include "fs/vfs/directory_file.hpp"
#include "fs/vfs/regular_file.hpp"

namespace vfs {
namespace {

struct DeviceRange {
  FileType type;
  u32 major, first, count;
  DeviceOpen open;
  void* context;
  bool covers(FileType wanted, DeviceNumber number) const {
    return type == wanted && major == number.major && number.minor >= first && number.minor - first < count;
  }
};
struct Devices {
  lib::Vector<DeviceRange> ranges;
};
sync::Locked<Devices, sync::LockClass::FileSystemTypes> g_devices;
std::atomic<FifoOpen> g_fifo_open = nullptr;

Result<lib::Ref<File>> open_device(Inode& inode, const Path& path, u32 flags) {
  const Attributes attributes = inode.attributes();
  DeviceRange found{};
  g_devices.with([&](Devices& devices) {
    for (const DeviceRange& range : devices.ranges) {
      if (range.covers(attributes.type, attributes.device_number)) found = range;
    }
  });
  if (found.open == nullptr) return Err(Errno::ENXIO);
  return found.open(found.context, attributes.device_number, path, flags);
}

template <class Kind>
Result<lib::Ref<File>> open_as(const Path& path, u32 flags) {
  lib::Ref<File> file = TRY(lib::make_ref<Kind>(path, flags));
  return file;
}

}  // namespace

Status register_device(FileType type, u32 major, u32 first, u32 count, DeviceOpen open, void* context) {
  return g_devices.with([&](Devices& devices) -> Status {
    for (const DeviceRange& range : devices.ranges) {
      if (range.type == type && range.major == major && first < range.first + range.count &&
          range.first < first + count) {
        return Err(Errno::EBUSY);
      }
    }
    return devices.ranges.push({type, major, first, count, open, context});
  });
}

void unregister_device(FileType type, u32 major, u32 first) {
  g_devices.with([&](Devices& devices) {
    for (usize i = 0; i < devices.ranges.size(); ++i) {
      const DeviceRange& range = devices.ranges[i];
      if (range.type != type || range.major != major || range.first != first) continue;
      devices.ranges.remove_at(i);
      return;
    }
  });
}

void set_fifo_open(FifoOpen open) { g_fifo_open.store(open); }

Result<lib::Ref<File>> open_by_type(Inode& inode, const Path& path, u32 flags) {
  switch (inode.type()) {
    case FileType::Directory: return open_as<DirectoryFile>(path, flags);
    case FileType::Regular: return open_as<RegularFile>(path, flags);
    case FileType::Character:
    case FileType::Block: return open_device(inode, path, flags);
    case FileType::Fifo: {
      const FifoOpen open = g_fifo_open.load();
      if (open == nullptr) return Err(Errno::ENXIO);
      return open(inode, path, flags);
    }
    case FileType::Symlink: return Err(Errno::ELOOP);
    case FileType::Socket: return Err(Errno::ENXIO);
  }
  return Err(Errno::ENXIO);
}

}  // namespace vfs
