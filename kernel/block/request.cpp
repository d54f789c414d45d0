#include "kernel/block/request.hpp"

namespace block {

u32 chain_segments(const Request& chain) {
  u32 count = 0;
  for (const Request* at = &chain; at != nullptr; at = at->next_merged) count += static_cast<u32>(at->segments.size());
  return count;
}

u32 chain_sectors(const Request& chain) {
  u32 count = 0;
  for (const Request* at = &chain; at != nullptr; at = at->next_merged) count += at->sectors;
  return count;
}

void finish_chain(Request& chain, Status status) {
  for (Request* at = &chain; at != nullptr;) {
    Request* next = std::exchange(at->next_merged, nullptr);
    at->done(*at, status);  // it may be gone afterwards
    at = next;
  }
}

}  // namespace block
