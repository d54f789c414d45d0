// Interrupt translation services: GICv3's way from a device's message to an LPI of a CPU (IHI 0069H ch. 5).
//
// An ITS knows a device by its DeviceID and a message by the number written, its EventID, which here is the message's
// index. A device has its table (ITT) and its LPIs, as many as it may send messages, from its first message to its
// last. A CPU is one collection, under the kernel's number for it. One lock, taken with interrupts off and after any
// other, guards the devices of all ITSs and their queues; the ITSs themselves are constant after boot.
#pragma once

#include "arch/aarch64/cpu.hpp"
#include "hal/bus.hpp"

namespace hal::arch {

// Starts one, which descriptions of the machine call by that name. Needs GICv3. Boot CPU; may sleep.
void its_add(u32 name, lib::fdt::Region region);
// Makes the calling CPU reachable, if it takes LPIs. Interrupts off.
void its_init_cpu(const CpuLocal& local);

// As hal::allocate_message(); EOPNOTSUPP where no ITS has that name. `device` is what the source is called there.
Result<Message> its_allocate(u32 name, u32 device, const MessageSource& source, u32 index, u32 cpu);
void its_free(u32 line);
// ENXIO: no message has that line. EIO. Any context.
Status its_set_masked(u32 line, bool masked);

}  // namespace hal::arch
