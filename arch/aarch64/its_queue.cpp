#include "arch/aarch64/its_queue.hpp"

#include "arch/aarch64/gic_memory.hpp"
#include "arch/aarch64/registers.hpp"
#include "hal/clock.hpp"
#include "hal/cpu.hpp"
#include "hal/io.h"
#include "hal/log.h"
#include "hal/mem.h"

namespace hal::arch {

ItsQueue::~ItsQueue() { hal_free(ring_); }

Status ItsQueue::create(volatile u8* registers) {
  constexpr usize kAlignment = 64 * KiB;  // GITS_CBASER (12.19.2)
  constexpr u64 kValid = u64{1} << 63;
  constexpr unsigned kInnerCache = 59;
  ring_ = static_cast<ItsCommand*>(hal_alloc(kCommands * sizeof(ItsCommand), kAlignment));
  if (ring_ == nullptr) return Err(Errno::ENOMEM);
  clean_to_memory(ring_, kCommands * sizeof(ItsCommand));
  registers_ = registers;
  // The size field is pages less one. Writing the register makes GITS_CREADR zero.
  if ((write_table_register(registers + gits::kQueue, kValid, ring_, kInnerCache) & kValid) == 0) {
    return Err(Errno::EIO);
  }
  hal_mmio_write64(registers + gits::kQueueWrite, 0);
  return {};
}

Status ItsQueue::run(std::span<const ItsCommand> commands) {
  if (failed_) return Err(Errno::EIO);
  for (const ItsCommand& command : commands) {
    ring_[next_] = command;
    clean_to_memory(&ring_[next_], sizeof(command));
    next_ = (next_ + 1) % kCommands;
  }
  hal_mmio_write64(registers_ + gits::kQueueWrite, next_ * sizeof(ItsCommand));
  return wait();
}

Status ItsQueue::wait() {
  constexpr u64 kStalled = 1 << 0;
  const u64 end = read_counter() + HAL_READ_REGISTER("cntfrq_el0");
  for (;;) {
    const u64 read = hal_mmio_read64(registers_ + gits::kQueueRead);
    if ((read & kStalled) != 0) return give_up("stalls", read & kOffsetMask);
    if ((read & kOffsetMask) == next_ * sizeof(ItsCommand)) return {};
    if (read_counter() > end) return give_up("does not answer", read & kOffsetMask);
    relax();
  }
}

// The offset is the device's word for where it is: looked up in our own ring, masked to its size.
Status ItsQueue::give_up(const char* why, u64 at) {
  failed_ = true;
  const ItsCommand& command = ring_[at / sizeof(ItsCommand) % kCommands];
  hal_log(HAL_LOG_ERROR, "its", "the ITS %s at command %#lx %#lx %#lx: it is not used any more", why, command.words[0],
          command.words[1], command.words[2]);
  return Err(Errno::EIO);
}

}  // namespace hal::arch
