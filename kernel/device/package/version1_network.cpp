// Network interfaces of version 1 drivers. All calls of the driver but init and shutdown come from the interface's
// receive thread: first what is to be sent, then what has come. A poller of the device's own starts that thread, often
// while frames come and rarely while none do.
#include <algorithm>

#include "hal/timer.h"
#include "kernel/device/package/version1.hpp"
#include "kernel/diag/log.hpp"

namespace device {
namespace {

constexpr u32 kLargestFrame = 1518;  // with a VLAN tag, without the frame check sequence
constexpr u32 kSmallestFrame = 14;
constexpr u32 kBuffer = 2048;
constexpr u64 kBusyMs = 200;  // after a frame, this long it is asked often
constexpr u32 kOftenMs = 1, kRarelyMs = 10, kDownMs = 50;

Version1Network& of(void* context) { return static_cast<Version1Device*>(context)->network; }

hal_status_t transmit(void* context, uint32_t /*queue*/, const network_frame_t* frame) {
  if (frame->segment_count != 1 || frame->flags != 0) return HAL_NOT_SUPPORTED;
  return of(context).waiting.with([&](Version1Frames& waiting) -> hal_status_t {
    return waiting.push({frame->tag, frame->segments[0].memory, frame->length}) ? HAL_OK : HAL_BUSY;
  });
}

void kick(void* context, uint32_t /*queue*/) { network_poll_wanted(of(context).interface, 0); }

hal_status_t start(void* context) {
  of(context).is_up.store(true);
  return HAL_OK;
}

void stop(void* context) {
  Version1Network& network = of(context);
  network.is_up.store(false);
  Version1Frame frame;
  while (network.waiting.with([&](Version1Frames& waiting) { return waiting.pop(frame); })) {
    network_sent(network.interface, 0, frame.tag, HAL_ERROR);
  }
}

void send_waiting(Version1Device& device) {
  Version1Network& network = device.network;
  Version1Frame frame;
  while (network.waiting.with([&](Version1Frames& waiting) { return waiting.peek(frame); })) {
    const i64 done = device.ops.net_tx(frame.memory, frame.length);
    if (done == HAL_BUSY) return;  // the poller comes again
    network.waiting.with([](Version1Frames& waiting) { waiting.drop(); });
    network_sent(network.interface, 0, frame.tag, done == frame.length ? HAL_OK : HAL_ERROR);
  }
}

// True if a frame was handed up.
bool receive_one(Version1Device& device) {
  network_buffer_t buffer;
  if (network_buffer_take(device.network.interface, &buffer) != HAL_OK) return false;
  const u32 room = std::min(buffer.segment.length, kBuffer);
  const i64 length = device.ops.net_rx(buffer.segment.memory, room);
  if (length < kSmallestFrame || length > room) {
    network_buffer_return(device.network.interface, buffer.tag);
    return false;
  }
  network_received(device.network.interface, buffer.tag, 0, static_cast<u32>(length), 0);
  return true;
}

uint32_t poll(void* context, uint32_t /*queue*/, uint32_t budget) {
  auto& device = *static_cast<Version1Device*>(context);
  send_waiting(device);
  u32 done = 0;
  while (done < budget && receive_one(device)) ++done;
  if (done != 0) device.network.last_frame_ms.store(hal_timer_ms(), std::memory_order_relaxed);
  return done;
}

u32 ask(void* context) {
  Version1Network& network = of(context);
  if (!network.is_up.load()) return kDownMs;
  network_poll_wanted(network.interface, 0);
  const u64 last = network.last_frame_ms.load(std::memory_order_relaxed);
  return hal_timer_ms() - last < kBusyMs ? kOftenMs : kRarelyMs;
}

constexpr network_ops_t kOps = {.size = sizeof(network_ops_t),
                                .start = start,
                                .stop = stop,
                                .transmit = transmit,
                                .kick = kick,
                                .poll = poll,
                                .set_filter = nullptr};

}  // namespace

hal_status_t announce_network(Version1Device& device) {
  network_info_t info{};
  info.size = sizeof(info);
  device.ops.net_get_mac(info.address);
  info.max_mtu = 1500;
  info.queues = 1;
  info.receive_buffer_size = kBuffer;
  info.max_segments = 1;
  info.link_up = true;
  static_assert(kLargestFrame <= kBuffer);
  Version1Network& network = device.network;
  if (const hal_status_t status = network_add(device.info, &info, &kOps, &device, &network.interface);
      status != HAL_OK) {
    return status;
  }
  if (network.poller.start(ask, &device)) return HAL_OK;
  network_remove(network.interface);
  return HAL_NO_MEMORY;
}

void withdraw_network(Version1Device& device) {
  device.network.poller.stop();
  network_remove(device.network.interface);
}

}  // namespace device
