// /sys/block and /sys/class/block: disks, and partitions too in the latter.
#include "fs/sysfs/devices.hpp"
#include "kernel/block/registry.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"

namespace sysfs {
namespace {

using vfs::FileType;

// The device that `self.key` names, or ENODEV where it has gone. Calls print(block::Device&).
template <class Print>
Status with_disk(const Entry& self, Print print) {
  const lib::Ref<block::Device> disk = block::find(std::string_view(self.key));
  if (!disk) return Err(Errno::ENODEV);
  print(*disk);
  return {};
}

Status print_size(const Entry& self, Text& text) {
  return with_disk(self, [&](block::Device& disk) { text.print("%lu\n", disk.sectors()); });
}
Status print_number(const Entry& self, Text& text) {
  return with_disk(self, [&](block::Device& disk) { text.print("%u:%u\n", disk.number().major, disk.number().minor); });
}
Status print_read_only(const Entry& self, Text& text) {
  return with_disk(self, [&](block::Device& disk) { text.print("%d\n", disk.is_read_only()); });
}
Status print_removable(const Entry& self, Text& text) {
  return with_disk(self, [&](block::Device& disk) { text.print("%d\n", disk.description().removable); });
}
Status print_block_size(const Entry& self, Text& text) {
  return with_disk(self, [&](block::Device& disk) { text.print("%u\n", disk.description().sector_size); });
}
// From /sys/block/NAME, or where the subject says so from /sys/class/block/NAME.
Status print_device_link(const Entry& self, Text& text) {
  const lib::Ref<block::Device> disk = block::find(std::string_view(self.key));
  device::Device* hardware = disk ? device::find(disk->description().device_handle) : nullptr;
  if (hardware == nullptr) return Err(Errno::ENODEV);
  text.add(self.subject == nullptr ? "../../" : "../../../");
  print_device_path(*hardware, text);
  return {};
}

constexpr Attribute kAttributes[] = {
    {"size", print_size}, {"dev", print_number}, {"ro", print_read_only}, {"removable", print_removable}};
constexpr Attribute kQueue[] = {{"logical_block_size", print_block_size}};
constexpr Attribute kDeviceLink = {"device", print_device_link, FileType::Symlink};

bool queue_child(const Entry& self, usize index, Entry& child) {
  if (index >= std::size(kQueue)) return false;
  set_attribute(self, kQueue[index], child);
  return true;
}

bool disk_child(const Entry& self, usize index, Entry& child) {
  if (index < std::size(kAttributes)) return set_attribute(self, kAttributes[index], child), true;
  index -= std::size(kAttributes);
  if (index == 0) {
    child = self;
    child.set_name("queue");
    child.child = queue_child;
    return true;
  }
  const lib::Ref<block::Device> disk = block::find(std::string_view(self.key));
  if (index != 1 || !disk || disk->description().device_handle == 0) return false;
  set_attribute(self, kDeviceLink, child);
  return true;
}

bool nth_device(const Entry& self, usize index, bool with_partitions, Entry& child) {
  for (usize i = 0;; ++i) {
    const lib::Ref<block::Device> disk = block::at(i);
    if (!disk) return false;
    if ((!with_partitions && disk->whole() != nullptr) || index-- != 0) continue;
    child.set_name("%s", disk->name());
    child.set_key(disk->name());
    child.subject = self.subject;
    child.set_directory(disk_child);
    return true;
  }
}
bool nth_disk(const Entry& self, usize index, Entry& child) { return nth_device(self, index, false, child); }
bool nth_of_class(const Entry& self, usize index, Entry& child) { return nth_device(self, index, true, child); }

constexpr int kIsDeeper = 1;  // what the subject of the entries below /sys/class points to

class BlockFiles final : public kernel::Subsystem {
 public:
  const char* name() const override { return "sysfs-blocks"; }
  void on_early_init(kernel::Kernel&) override {
    Entry entry;
    entry.set_directory(nth_disk);
    Status done = register_entry("block", entry);
    entry.subject = &kIsDeeper;
    entry.child = nth_of_class;
    if (done) done = register_entry("class/block", entry);
    if (!done) LOG_ERROR("sysfs", "no memory for /sys/block");
  }
};
REGISTER_SUBSYSTEM(BlockFiles);

}  // namespace
}  // namespace sysfs
