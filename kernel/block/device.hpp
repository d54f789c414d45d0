// Block devices: disks and their partitions.
//
// A Device is shared; the registry holds it as long as the hardware is there, openers and mounts as long as they use
// it. submit() may be called in any context; everything that may sleep is built on Batch (kernel/block/batch.hpp).
#pragma once

#include "kernel/block/request.hpp"
#include "kernel/lib/ref.hpp"

namespace block {

struct Number {
  u32 major = 0, minor = 0;
  bool operator==(const Number&) const = default;
};

// What a device is, fixed when it is made.
struct Description {
  char name[16] = {};  // "vda"
  Number number;
  u32 sector_size = kSectorSize;  // bytes: what the device addresses
  u64 sectors = 0;                // of 512 bytes
  bool read_only = false;
  bool removable = false;
  u32 device_handle = 0;  // the kernel's number for the hardware; 0: there is none
  Limits limits;
};

// For /proc/diskstats: what was finished since boot.
struct Statistics {
  std::atomic<u64> requests[4] = {};  // by Operation
  std::atomic<u64> sectors[4] = {};
  std::atomic<u64> merged[4] = {};
  std::atomic<u64> in_flight = 0;
};

class Device : public lib::RefCounted<Device> {
 public:
  virtual ~Device() = default;
  static void destroy_last(Device* self) { lib::destroy(self); }

  const Description& description() const { return description_; }
  const char* name() const { return description_.name; }
  Number number() const { return description_.number; }
  u64 sectors() const { return description_.sectors; }
  u64 bytes() const { return description_.sectors << kSectorShift; }
  bool is_read_only() const { return description_.read_only; }
  const Limits& limits() const { return description_.limits; }
  Statistics& statistics() { return statistics_; }
  // The disk that a partition is on; null for a disk.
  virtual Device* whole() { return nullptr; }

  // Checks the request (EIO outside the device, EROFS, EINVAL for odd lengths) and passes it on; done() is called in
  // every case, possibly before this returns. Any context.
  void submit(Request& request);

 protected:
  explicit Device(const Description& description) : description_(description) {}
  // A request that was found good.
  virtual void route(Request& request) = 0;

 private:
  Status check(const Request& request) const;

  const Description description_;
  Statistics statistics_;
};

}  // namespace block
