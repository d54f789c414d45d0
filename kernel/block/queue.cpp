#include "kernel/block/queue.hpp"

namespace block {
namespace {

// How many of the newest chains are looked at for a neighbour.
constexpr u32 kMergeLook = 8;

}  // namespace

bool QueuedDevice::fits(const Request& chain, const Request& request) const {
  return chain.operation == request.operation &&
         chain_segments(chain) + request.segments.size() <= limits().max_segments &&
         chain_sectors(chain) + request.sectors <= limits().max_sectors;
}

bool QueuedDevice::merge(Waiting& waiting, Request& request) {
  if (request.operation != Operation::Read && request.operation != Operation::Write) return false;
  u32 looked = 0;
  for (auto at = waiting.chains.rbegin(); at != waiting.chains.rend() && looked < kMergeLook; ++at, ++looked) {
    Request& chain = *at;
    if (!fits(chain, request)) continue;
    if (chain.sector + chain_sectors(chain) == request.sector) {
      Request* last = &chain;
      while (last->next_merged != nullptr) last = last->next_merged;
      last->next_merged = &request;
      return true;
    }
    if (request.end() == chain.sector) {
      // The new one becomes the head and takes the chain's place in the list.
      waiting.chains.insert(waiting.chains.iterator_to(chain), request);
      waiting.chains.erase(waiting.chains.iterator_to(chain));
      request.next_merged = &chain;
      return true;
    }
  }
  return false;
}

void QueuedDevice::route(Request& request) {
  const bool gone = waiting_.with([&](Waiting& waiting) {
    if (waiting.gone) return true;
    if (merge(waiting, request)) {
      statistics().merged[static_cast<usize>(request.operation)].fetch_add(1, std::memory_order_relaxed);
    } else {
      waiting.chains.push_back(request);
    }
    return false;
  });
  if (gone) {
    request.done(request, Err(Errno::ENODEV));
  } else {
    start_waiting();
  }
}

Request* QueuedDevice::take() {
  return waiting_.with([&](Waiting& waiting) -> Request* {
    if (waiting.chains.empty() || waiting.started >= limits().queue_depth) return nullptr;
    Request& first = waiting.chains.front();
    waiting.chains.pop_front();
    ++waiting.started;
    return &first;
  });
}

void QueuedDevice::start_waiting() {
  bool any = false;
  while (Request* chain = take()) {
    any = true;
    statistics().in_flight.fetch_add(1, std::memory_order_relaxed);
    start(*chain);
  }
  if (any) started();
}

void QueuedDevice::finished(Request& chain, Status status) {
  statistics().in_flight.fetch_sub(1, std::memory_order_relaxed);
  waiting_.with([](Waiting& waiting) { --waiting.started; });
  finish_chain(chain, status);
  start_waiting();
}

void QueuedDevice::abandon() {
  for (;;) {
    Request* chain = waiting_.with([](Waiting& waiting) -> Request* {
      waiting.gone = true;
      if (waiting.chains.empty()) return nullptr;
      Request& first = waiting.chains.front();
      waiting.chains.pop_front();
      return &first;
    });
    if (chain == nullptr) return;
    finish_chain(*chain, Err(Errno::ENODEV));
  }
}

}  // namespace block
