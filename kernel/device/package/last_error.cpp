#include "kernel/device/package/last_error.hpp"

#include "fs/procfs/procfs.hpp"
#include "fs/sysfs/sysfs.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"

namespace device {
namespace {

std::atomic<ajdrv_error_t> g_last = AJDRV_OK;

void print_last(procfs::Text& text) {
  const ajdrv_error_t error = g_last.load();
  text.print("%d %s %s\n", static_cast<int>(error), ajdrv_error_name(error), ajdrv_error_sentence(error));
}

class LastErrorSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "package-errors"; }
  void on_early_init(kernel::Kernel&) override {
    if (!procfs::register_file("ajdrv_last_error", print_last) ||
        !sysfs::register_file("kernel/ajdrv/last_error", print_last))
      LOG_ERROR("package", "no memory for ajdrv_last_error");
  }
};
REGISTER_SUBSYSTEM(LastErrorSubsystem);

}  // namespace

Errno refuse(ajdrv_error_t error) {
  g_last.store(error);
  LOG_WARNING("package", "refused: %d %s: %s", static_cast<int>(error), ajdrv_error_name(error),
              ajdrv_error_sentence(error));
  return static_cast<Errno>(ajdrv_error_errno(error));
}

void clear_last_error() { g_last.store(AJDRV_OK); }

}  // namespace device
