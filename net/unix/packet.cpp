#include "net/unix/packet.hpp"

#include "kernel/sync/locked.hpp"

namespace net::unix_domain {
namespace {

// As many as one process may have open on Linux by default, for all together.
constexpr usize kMostInTransit = 16384;
std::atomic<usize> g_in_transit = 0;

// Closing a socket closes what is in its queue, which may be a socket with a queue: so that this does not recurse as
// deep as a program likes, the packets with files wait here, and whoever is first closes them one after the other.
struct Dropped {
  PacketList packets;
  bool draining = false;
};
sync::Locked<Dropped, sync::LockClass::PassedFiles> g_dropped;

void free_packet(Packet* packet) {
  packet->~Packet();
  lib::deallocate(packet);
}

Packet* next_dropped() {
  return g_dropped.with([](Dropped& dropped) -> Packet* {
    if (dropped.packets.empty()) {
      dropped.draining = false;
      return nullptr;
    }
    Packet* packet = &dropped.packets.front();
    dropped.packets.pop_front();
    return packet;
  });
}

void drop_with_files(Packet* packet) {
  const bool is_first = g_dropped.with([&](Dropped& dropped) {
    dropped.packets.push_back(*packet);
    return !std::exchange(dropped.draining, true);
  });
  if (!is_first) return;
  while (Packet* next = next_dropped()) {
    uncharge_passed_files(next->files.size());
    free_packet(next);
  }
}

}  // namespace

Status charge_passed_files(usize count) {
  if (g_in_transit.fetch_add(count, std::memory_order_relaxed) + count <= kMostInTransit) return {};
  uncharge_passed_files(count);
  return Err(Errno::ETOOMANYREFS);
}

void uncharge_passed_files(usize count) { g_in_transit.fetch_sub(count, std::memory_order_relaxed); }

Result<Packet*> Packet::create(vfs::WriteBuffer& from, usize size) {
  void* memory = lib::allocate(sizeof(Packet) + size);
  if (memory == nullptr) return Err(Errno::ENOBUFS);
  Packet* packet = ::new (memory) Packet;
  packet->size = size;
  if (from.take(packet->bytes(), size) == size) return packet;
  free_packet(packet);
  return Err(Errno::EFAULT);
}

void Packet::destroy(Packet* packet) {
  if (packet->files.empty()) {
    free_packet(packet);
  } else {
    drop_with_files(packet);
  }
}

void destroy_all(PacketList& packets) {
  while (!packets.empty()) {
    Packet* packet = &packets.front();
    packets.pop_front();
    Packet::destroy(packet);
  }
}

}  // namespace net::unix_domain
