// The command queue of one ITS (IHI 0069H 5.3): a ring in memory.
//
// Whoever has an ItsQueue locks it. Commands are waited for, so that the ring is empty between calls. An ITS that
// stalls or does not answer within a second is given up: nothing is executed from then on.
#pragma once

#include <span>

#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"

namespace hal::arch {

namespace gits {
inline constexpr usize kControl = 0x00, kType = 0x08, kQueue = 0x80, kQueueWrite = 0x88, kQueueRead = 0x90;
inline constexpr usize kTables = 0x100, kTableCount = 8;  // GITS_BASER<n>, 8 bytes each
inline constexpr usize kFrame = 64 * KiB, kTranslater = kFrame + 0x40;
}  // namespace gits

struct ItsCommand {
  u64 words[4] = {};
};
static_assert(sizeof(ItsCommand) == 32);

// `target` is a redistributor as the ITS names it, in place (RDbase). 5.3.
namespace its_command {
constexpr ItsCommand map_device(u32 device, u64 table, unsigned event_bits) {
  return {{0x08 | u64{device} << 32, event_bits - 1, table | u64{1} << 63}};
}
constexpr ItsCommand unmap_device(u32 device) { return {{0x08 | u64{device} << 32}}; }
constexpr ItsCommand map_collection(u32 collection, u64 target) {
  return {{0x09, 0, collection | target | u64{1} << 63}};
}
constexpr ItsCommand map_event(u32 device, u32 event, u32 line, u32 collection) {
  return {{0x0a | u64{device} << 32, event | u64{line} << 32, collection}};
}
constexpr ItsCommand discard(u32 device, u32 event) { return {{0x0f | u64{device} << 32, event}}; }
// The event's settings are read anew.
constexpr ItsCommand invalidate(u32 device, u32 event) { return {{0x0c | u64{device} << 32, event}}; }
constexpr ItsCommand invalidate_all(u32 collection) { return {{0x0d, 0, collection}}; }
// What came before has had its effect at that redistributor.
constexpr ItsCommand sync(u64 target) { return {{0x05, 0, target}}; }
}  // namespace its_command

class ItsQueue {
 public:
  ItsQueue() = default;
  ItsQueue(const ItsQueue&) = delete;
  ItsQueue& operator=(const ItsQueue&) = delete;
  ~ItsQueue();  // the ITS is off

  // The ITS is off. ENOMEM, EIO. May sleep.
  Status create(volatile u8* registers);
  // Returns when the ITS has taken them all. EIO. Any context.
  Status run(std::span<const ItsCommand> commands);

 private:
  static constexpr u32 kCommands = kPageSize / sizeof(ItsCommand);
  static constexpr u64 kOffsetMask = 0xf'ffe0;  // of GITS_CWRITER and GITS_CREADR

  Status wait();
  Status give_up(const char* why, u64 at);

  volatile u8* registers_ = nullptr;
  ItsCommand* ring_ = nullptr;
  u32 next_ = 0;
  bool failed_ = false;
};

}  // namespace hal::arch
