// Finding the machine's devices at boot, and hal_bus_scan().
#include "kernel/lib/subsystem.hpp"

#include "kernel/device/driver.hpp"
#include "kernel/device/platform.hpp"

hal_status_t hal_bus_scan(void) {
  device::add_platform_devices();
  device::bind_all();
  return HAL_OK;
}

namespace device {
namespace {

constexpr const char* kNeeds[] = {"device-work", "devfs", "tcp-ip"};

class DevicesSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "devices"; }
  std::span<const char* const> needs() const override { return kNeeds; }
  void on_late_init(kernel::Kernel& kernel) override {
    add_command_line_devices(kernel.boot().command_line);
    hal_bus_scan();
  }
  void on_shutdown(kernel::Kernel&) override { shut_down_all(); }
};
REGISTER_SUBSYSTEM(DevicesSubsystem);

}  // namespace
}  // namespace device
