// Devices by the kernel command line. QEMU's microvm names its virtio devices there when it has no ACPI tables.
#include <optional>

#include "hal/bus.hpp"
#include "kernel/device/platform.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/format.hpp"

namespace device {
namespace {

struct Named {
  u64 base = 0, size = 0, line = 0;
};

// SIZE@BASE:LINE[:ID]; the id is only a name.
std::optional<Named> parse(std::string_view text) {
  const usize at = text.find('@'), colon = text.find(':');
  if (at == text.npos || colon == text.npos || colon < at) return {};
  const std::string_view rest = text.substr(colon + 1);
  const auto size = lib::parse_size(text.substr(0, at));
  const auto base = lib::parse_number(text.substr(at + 1, colon - at - 1));
  const auto line = lib::parse_number(rest.substr(0, rest.find(':')));
  if (!size || !base || !line) return {};
  return Named{*base, *size, *line};
}

void add_named(std::string_view text) {
  const auto named = parse(text);
  const auto line = hal::line_of_firmware(named && named->line < 256 ? static_cast<u8>(named->line) : u8{0});
  if (!named || !line) {
    return LOG_WARNING("device", "virtio_mmio.device=%.*s is not understood", static_cast<int>(text.size()),
                       text.data());
  }
  auto made = lib::make_own<Device>();
  if (!made) return LOG_ERROR("device", "no memory for a device");
  hal_device_t& info = (*made)->info;
  info.bus = HAL_BUS_VIRTIO;
  info.irq = *line;
  info.bar[0] = memory_at(named->base, named->size);
  lib::format_into(info.name, sizeof(info.name), "virtio_mmio@%lx", named->base);
  add_virtio(std::move(*made));
}

}  // namespace

void add_command_line_devices(std::string_view command_line) {
  static constexpr std::string_view kName = "virtio_mmio.device=";
  lib::CommandLine(command_line).for_each_word([](std::string_view word) {
    if (word.starts_with(kName)) add_named(word.substr(kName.size()));
  });
}

}  // namespace device
