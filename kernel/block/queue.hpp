// A device with a queue: requests that wait while the hardware is busy, neighbours joined.
//
// A driver's adapter derives from QueuedDevice, implements start(), and calls finished() when a chain is done. At most
// limits().queue_depth chains are with the driver at a time, so start() always has room. The lock is not held around
// start() or done().
#pragma once

#include "kernel/block/device.hpp"
#include "kernel/sync/locked.hpp"

namespace block {

class QueuedDevice : public Device {
 public:
  // Everything waiting is answered with ENODEV, now and later: the hardware is gone.
  void abandon();

 protected:
  explicit QueuedDevice(const Description& description) : Device(description) {}
  void route(Request& request) override;

  // Begins the transfer. Any context, interrupts possibly off. finished() may be called before it returns.
  virtual void start(Request& chain) = 0;
  // Those that could be started were: the place to tell the hardware of all of them at once.
  virtual void started() {}
  // Exactly once for each chain that was started. Any context.
  void finished(Request& chain, Status status);

 private:
  struct Waiting {
    lib::List<Request> chains;
    u32 started = 0;
    bool gone = false;
  };
  bool merge(Waiting& waiting, Request& request);
  bool fits(const Request& chain, const Request& request) const;
  // The next chain to start, or null.
  Request* take();
  void start_waiting();

  sync::Locked<Waiting, sync::LockClass::DeviceQueue> waiting_;
};

}  // namespace block
