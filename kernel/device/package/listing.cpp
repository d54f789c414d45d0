// /proc/modules, in Linux's form, and /proc/ajdrv, which says more.
#include "fs/procfs/procfs.hpp"
#include "kernel/device/package/package.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"

namespace device {
namespace {

void print_modules(procfs::Text& text) {
  packages().with([&](PackageList& loaded) {
    for (const Package& package : loaded.list) {
      text.print("%s %lu %u - Live 0x%016lx\n", package.header.name, package.image.size(), count_bound(package.driver),
                 package.image.base());
    }
  });
}

void print_packages(procfs::Text& text) {
  packages().with([&](PackageList& loaded) {
    for (const Package& package : loaded.list) {
      const ajdrv_package_t& header = package.header;
      text.print("%s %lu.%lu.%lu epoch %u abi %u lineage ", header.name, header.version >> 48,
                 header.version >> 32 & 0xffff, header.version & 0xffffffff, header.epoch, header.abi_major);
      for (usize i = 0; i < AJDRV_LINEAGE_SIZE; ++i) text.print("%02x", header.lineage[i]);
      for_each([&](Device& device) {
        if (device.driver == &package.driver) text.print(" %s", device.info.name);
      });
      text.print("\n");
    }
  });
}

class ListingSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "package-listing"; }
  void on_early_init(kernel::Kernel&) override {
    if (!procfs::register_file("modules", print_modules) || !procfs::register_file("ajdrv", print_packages)) {
      LOG_ERROR("package", "no memory for /proc/modules");
    }
  }
};
REGISTER_SUBSYSTEM(ListingSubsystem);

}  // namespace
}  // namespace device
