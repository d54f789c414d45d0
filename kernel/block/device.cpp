#include "kernel/block/device.hpp"

namespace block {

Status Device::check(const Request& request) const {
  if (request.operation == Operation::Flush) return {};
  const u32 unit = description_.sector_size >> kSectorShift;
  if (request.sectors == 0 || request.sector % unit != 0 || request.sectors % unit != 0) return Err(Errno::EINVAL);
  if (request.sector >= sectors() || request.sectors > sectors() - request.sector) return Err(Errno::EIO);
  if (request.operation != Operation::Read && is_read_only()) return Err(Errno::EROFS);
  if (request.operation == Operation::Discard) {
    return limits().can_discard ? Status() : Err(Errno::EOPNOTSUPP);
  }
  u64 bytes = 0;
  for (const Segment& segment : request.segments) bytes += segment.length;
  if (bytes != u64{request.sectors} << kSectorShift) return Err(Errno::EINVAL);
  return {};
}

void Device::submit(Request& request) {
  request.next_merged = nullptr;
  if (const Status good = check(request); !good) {
    request.done(request, good);
    return;
  }
  const usize kind = static_cast<usize>(request.operation);
  statistics_.requests[kind].fetch_add(1, std::memory_order_relaxed);
  statistics_.sectors[kind].fetch_add(request.sectors, std::memory_order_relaxed);
  route(request);
}

}  // namespace block
