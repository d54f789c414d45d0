// /dev/input/eventN: each open file sees what happened since it was opened, whole changes at a time.
#include <algorithm>
#include <cstring>

#include "fs/vfs/special.hpp"
#include "kernel/device/input.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/user_memory.hpp"

namespace device {
namespace {

using namespace vfs::poll_event;

constexpr u32 kInputMajor = 13, kFirstMinor = 64, kMinors = 32;

// ioctl numbers (Linux include/uapi/linux/input.h): direction << 30 | size << 16 | 'E' << 8 | number.
constexpr u32 kGetVersion = 0x80044501, kGetId = 0x80084502;
constexpr u32 kGetName = 0x80004506, kSizeMask = 0x3fff0000;
constexpr u32 kProtocolVersion = 0x010001;

class InputFile final : public vfs::File {
 public:
  InputFile(vfs::Path path, u32 flags, lib::Ref<InputDevice> device)
      : File(std::move(path), flags), device_(std::move(device)) {
    device_->readers.with([&](InputDevice::Readers& readers) { readers.list.push_back(reader_); });
  }
  ~InputFile() override {
    device_->readers.with(
        [&](InputDevice::Readers& readers) { readers.list.erase(readers.list.iterator_to(reader_)); });
  }

  Result<usize> read(vfs::ReadBuffer& buffer, u64& /*position*/) override {
    if (buffer.remaining() < sizeof(InputEvent)) return Err(Errno::EINVAL);
    InputEvent events[16];
    const u32 most = static_cast<u32>(std::min(buffer.remaining() / sizeof(InputEvent), std::size(events)));
    for (;;) {
      const u32 count = take(events, most);
      if (count != 0) {
        const usize size = count * sizeof(InputEvent);
        return buffer.put(events, size) == size ? Result<usize>(size) : Err(Errno::EFAULT);
      }
      if (is_gone()) return Err(Errno::ENODEV);
      if (is_nonblocking()) return Err(Errno::EAGAIN);
      TRY(reader_.changed.wait([&] { return has_events() || is_gone(); }, sync::WaitMode::Interruptible));
    }
  }

  bool can_wait() const override { return true; }
  u32 poll(vfs::PollTable* table) override {
    if (table != nullptr) table->add(reader_.changed);
    return (has_events() ? kIn | kReadNormal : 0) | (is_gone() ? kError | kHangup : 0);
  }

  Result<i64> control(u32 request, VirtAddr argument) override {
    if (is_gone()) return Err(Errno::ENODEV);
    if (request == kGetVersion) {
      TRY(mm::UserOut<u32>(argument).put(kProtocolVersion));
      return 0;
    }
    if (request == kGetId) {
      const u16 id[] = {device_->bus, device_->vendor, device_->product, device_->version};
      TRY(mm::UserOut<u16>(argument).put(std::span<const u16>(id)));
      return 0;
    }
    if ((request & ~kSizeMask) != kGetName) return Err(Errno::EINVAL);
    const usize size = std::min<usize>(std::strlen(device_->name) + 1, (request & kSizeMask) >> 16);
    TRY(mm::copy_to_user(argument, device_->name, size));
    return static_cast<i64>(size);
  }

 private:
  u32 take(InputEvent* to, u32 most) {
    return device_->readers.with([&](InputDevice::Readers&) { return reader_.take(to, most); });
  }
  bool has_events() {
    return device_->readers.with([&](InputDevice::Readers&) { return reader_.complete != 0; });
  }
  bool is_gone() {
    return device_->readers.with([](InputDevice::Readers& readers) { return readers.is_gone; });
  }

  const lib::Ref<InputDevice> device_;
  InputReader reader_;
};

Result<lib::Ref<vfs::File>> open_input(void*, vfs::DeviceNumber number, const vfs::Path& path, u32 flags) {
  lib::Ref<InputDevice> device = find_input(number.minor - kFirstMinor);
  if (!device || device->readers.with([](InputDevice::Readers& readers) { return readers.is_gone; })) {
    return Err(Errno::ENODEV);
  }
  lib::Ref<vfs::File> file = TRY(lib::make_ref<InputFile>(path, flags, std::move(device)));
  return file;
}

class InputSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "input"; }
  void on_late_init(kernel::Kernel&) override {
    if (!vfs::register_device(vfs::FileType::Character, kInputMajor, kFirstMinor, kMinors, open_input, nullptr)) {
      LOG_ERROR("input", "no memory for the input devices");
    }
  }
};
REGISTER_SUBSYSTEM(InputSubsystem);

}  // namespace
}  // namespace device
