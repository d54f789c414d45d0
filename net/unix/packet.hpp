// What lies in the queue of a Unix socket: bytes, who sent them, and files that travel with them.
#pragma once

#include "kernel/lib/list.hpp"
#include "net/socket/message.hpp"

namespace net::unix_domain {

// One allocation: this header and `size` bytes behind it.
struct Packet : lib::ListNode {
  usize size = 0;
  usize taken = 0;  // of a stream: bytes that were read already
  Identity sender;
  SocketAddress from;                      // the sender's name; only with datagrams
  lib::Vector<lib::Ref<vfs::File>> files;  // a stream's reader gets them with the first byte

  u8* bytes() { return reinterpret_cast<u8*>(this + 1); }
  usize left() const { return size - taken; }
  // What it counts for in a queue.
  usize charge() const { return sizeof(Packet) + size; }

  // With up to `size` bytes taken from `from`. ENOBUFS, EFAULT. May sleep.
  static Result<Packet*> create(vfs::WriteBuffer& from, usize size);
  // Gives the files back too. Not with a lock held that closing a file may take.
  static void destroy(Packet* packet);
};

using PacketList = lib::List<Packet>;
void destroy_all(PacketList& packets);

// Files in transit are limited in number, for a circle of sockets that carry each other is never freed. ETOOMANYREFS.
Status charge_passed_files(usize count);
void uncharge_passed_files(usize count);

}  // namespace net::unix_domain
