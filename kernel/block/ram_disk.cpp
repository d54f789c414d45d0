// /dev/ram0: a disk in memory, for tests and for those who ask for it with `ram_disk=SIZE` on the command line.
//
// Frames come on the first write and stay; what was never written reads as zeros. Transfers end before submit()
// returns.

#include "kernel/block/queue.hpp"
#include "kernel/block/registry.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/lib/vector.hpp"

namespace block {
namespace {

class RamDisk final : public Device {
 public:
  static Result<lib::Ref<Device>> create(u64 bytes) {
    Description description;
    std::memcpy(description.name, "ram0", 5);
    description.number = {1, 0};
    description.sectors = align_down(bytes, kPageSize) >> kSectorShift;
    auto disk = TRY(lib::make_ref<RamDisk>(description));
    TRY(disk->frames_.resize(bytes >> kPageShift));
    return lib::Ref<Device>(disk);
  }
  explicit RamDisk(const Description& description) : Device(description) {}
  ~RamDisk() override {
    for (auto& frame : frames_) {
      if (frame.load() != nullptr) mm::release_frame(frame.load());
    }
  }

 protected:
  void route(Request& request) override {
    Status status;
    u64 at = request.sector << kSectorShift;
    for (const Segment& segment : request.segments) {
      if (status) status = transfer(request.operation, at, segment);
      at += segment.length;
    }
    request.done(request, status);
  }

 private:
  struct Slot : std::atomic<mm::PageFrame*> {
    Slot() : std::atomic<mm::PageFrame*>(nullptr) {}
    Slot(Slot&& other) noexcept : std::atomic<mm::PageFrame*>(other.load()) {}
  };

  // The frame for a place, made if need be; two writers at once agree on one.
  Result<mm::PageFrame*> frame_at(u64 index) {
    if (mm::PageFrame* there = frames_[index].load(std::memory_order_acquire)) return there;
    mm::PageFrame* fresh = TRY(mm::allocate_frame(mm::FrameKind::Kernel, mm::Allocate::Zeroed));
    mm::PageFrame* expected = nullptr;
    if (frames_[index].compare_exchange_strong(expected, fresh)) return fresh;
    mm::release_frame(fresh);
    return expected;
  }

  Status transfer(Operation operation, u64 at, const Segment& segment) {
    for (u32 done = 0; done < segment.length;) {
      const usize offset = (at + done) & kPageMask;
      const usize piece = std::min<usize>(segment.length - done, kPageSize - offset);
      u8* memory = segment.memory() + done;
      const u64 index = (at + done) >> kPageShift;
      if (operation == Operation::Write) {
        std::memcpy(static_cast<u8*>(mm::memory_of(TRY(frame_at(index)))) + offset, memory, piece);
      } else if (mm::PageFrame* frame = frames_[index].load(std::memory_order_acquire)) {
        std::memcpy(memory, static_cast<u8*>(mm::memory_of(frame)) + offset, piece);
      } else {
        std::memset(memory, 0, piece);
      }
      done += static_cast<u32>(piece);
    }
    return {};
  }

  lib::Vector<Slot> frames_;
};

class RamDiskSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "ram-disk"; }
  void on_late_init(kernel::Kernel& kernel) override {
    const auto size = lib::CommandLine(kernel.boot().command_line).size("ram_disk");
    if (!size || *size < kPageSize) return;
    auto disk = RamDisk::create(*size);
    if (!disk || !add(std::move(*disk))) LOG_ERROR("block", "no memory for a RAM disk of %lu KiB", *size / KiB);
  }
};
REGISTER_SUBSYSTEM(RamDiskSubsystem);

}  // namespace
}  // namespace block
