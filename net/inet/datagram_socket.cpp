#include "net/inet/datagram_socket.hpp"

#include <algorithm>

#include <lwip/ip.h>

namespace net::inet {

using namespace vfs::poll_event;
using namespace message_flag;

namespace {

constexpr i32 kTtlItem = 2, kTosItem = 1, kInfoItem = 8, kInfo6Item = 50, kHopsItem = 52, kClassItem = 67;

// struct in_pktinfo and in6_pktinfo.
struct PacketInfo {
  i32 interface;
  u8 local[4], destination[4];
};
struct PacketInfo6 {
  u8 destination[16];
  u32 interface;
};

}  // namespace

Datagram* Datagram::create(pbuf* data, const Endpoint& from) {
  auto* datagram = lib::try_new<Datagram>();
  if (datagram == nullptr) {
    pbuf_free(data);
    return nullptr;
  }
  datagram->data = data;
  datagram->from = from;
  datagram->to = *ip_current_dest_addr();
  datagram->interface = netif_get_index(ip_current_input_netif());
  if (ip_current_is_v6()) {
    datagram->ttl = IP6H_HOPLIM(ip6_current_header());
    datagram->tos = static_cast<u8>(IP6H_TC(ip6_current_header()));
  } else {
    datagram->ttl = IPH_TTL(ip4_current_header());
    datagram->tos = IPH_TOS(ip4_current_header());
  }
  return datagram;
}

void Datagram::destroy(Datagram* datagram) {
  pbuf_free(datagram->data);
  lib::destroy(datagram);
}

DatagramSocket::~DatagramSocket() {
  while (!queue_.empty()) {
    Datagram* datagram = &queue_.front();
    queue_.pop_front();
    Datagram::destroy(datagram);
  }
}

void DatagramSocket::enqueue(Datagram* datagram) {
  if (datagram == nullptr) return;
  // Each counts for its bookkeeping too, so that empty ones have an end.
  const usize charge = datagram->size() + sizeof(Datagram);
  if (receive_shut_ || queued_ + charge > options().receive_buffer) {
    Datagram::destroy(datagram);
    return;
  }
  queued_ += charge;
  queue_.push_back(*datagram);
  changed_.wake_all(kIn | kReadNormal);
}

void DatagramSocket::report(Errno error) {
  error_ = static_cast<i32>(error);
  changed_.wake_all();
}

i32 DatagramSocket::take_error() {
  return with_core([&] { return std::exchange(error_, 0); });
}

Result<usize> DatagramSocket::readable_bytes() {
  return with_core([&] { return queue_.empty() ? usize{0} : queue_.front().size(); });
}

Status DatagramSocket::shutdown(Shutdown how) {
  CoreLock lock;
  if (!is_connected_) return Err(Errno::ENOTCONN);
  if (how != Shutdown::Write) receive_shut_ = true;
  if (how != Shutdown::Read) send_shut_ = true;
  changed_.wake_all();
  return {};
}

Result<SocketAddress> DatagramSocket::peer_address() {
  return with_core([&]() -> Result<SocketAddress> {
    if (!is_connected_) return Err(Errno::ENOTCONN);
    return address_of(remote_, family());
  });
}

Result<pbuf*> DatagramSocket::copy_in(vfs::WriteBuffer& data, usize most, pbuf_layer layer) {
  const usize size = data.remaining();
  if (size > most) return Err(Errno::EMSGSIZE);
  pbuf* buffer = pbuf_alloc(layer, static_cast<u16>(size), PBUF_RAM);
  if (buffer == nullptr) return Err(Errno::ENOBUFS);
  if (data.take(buffer->payload, size) == size) return buffer;
  pbuf_free(buffer);
  return Err(Errno::EFAULT);
}

void DatagramSocket::add_packet_items(const Datagram& datagram, Incoming& message) const {
  const auto bytes = bytes_of(datagram.to);
  const bool is_v4 = bytes.size() == 4;
  if (is_v4 && ip_.packet_info) {
    PacketInfo info{static_cast<i32>(datagram.interface), {}, {}};
    std::memcpy(info.local, bytes.data(), 4);
    std::memcpy(info.destination, bytes.data(), 4);
    message.add_item(kLevelIp, kInfoItem, info);
  }
  if (is_ipv6() && ip_.packet_info6) {
    const SocketAddress mapped = address_of({datagram.to, 0}, family::kInet6);
    PacketInfo6 info{{}, datagram.interface};
    std::memcpy(info.destination, mapped.bytes + offsetof(Ipv6SocketAddress, address), 16);
    message.add_item(kLevelIpv6, kInfo6Item, info);
  }
  if (ip_.receive_ttl) {
    message.add_item<i32>(is_v4 ? kLevelIp : kLevelIpv6, is_v4 ? kTtlItem : kHopsItem, datagram.ttl);
  }
  if (!ip_.receive_tos) return;
  if (is_v4) {
    message.add_item<u8>(kLevelIp, kTosItem, datagram.tos);
  } else {
    message.add_item<i32>(kLevelIpv6, kClassItem, datagram.tos);
  }
}

Result<usize> DatagramSocket::receive(Incoming& message) {
  if ((message.flags & kOutOfBand) != 0) return Err(Errno::EOPNOTSUPP);
  // There is no error queue, so it is always empty.
  if ((message.flags & kErrorQueue) != 0) return Err(Errno::EAGAIN);
  const auto take = [&]() -> Result<usize> {
    CoreLock lock;
    if (error_ != 0) return Err(static_cast<Errno>(std::exchange(error_, 0)));
    if (queue_.empty()) return receive_shut_ ? Result<usize>(0) : Err(Errno::EAGAIN);
    Datagram& datagram = queue_.front();
    usize copied = 0;
    for (pbuf* at = datagram.data; at != nullptr; at = at->next) {
      const usize moved = message.data.put(at->payload, at->len);
      copied += moved;
      if (moved != at->len) break;
    }
    const usize size = datagram.size();
    if (copied < size && !message.data.empty()) return Err(Errno::EFAULT);
    if (copied < size) message.out_flags |= kTruncated;
    message.from = address_of(datagram.from, family());
    add_packet_items(datagram, message);
    if ((message.flags & kPeek) == 0) {
      queue_.pop_front();
      queued_ -= size + sizeof(Datagram);
      Datagram::destroy(&datagram);
    }
    return (message.flags & kTruncated) != 0 ? size : copied;
  };
  for (;;) {
    const auto got = take();
    if (got || got.error() != Errno::EAGAIN || must_not_wait(message.flags)) return got;
    TRY(wait_on(changed_, options().receive_timeout_ns,
                [&] { return with_core([&] { return !queue_.empty() || error_ != 0 || receive_shut_; }); }));
  }
}

u32 DatagramSocket::poll(vfs::PollTable* table) {
  if (table != nullptr) table->add(changed_);
  CoreLock lock;
  u32 events = kOut | kWriteNormal | kWriteBand;
  if (!queue_.empty() || receive_shut_) events |= kIn | kReadNormal;
  if (receive_shut_) events |= kReadHangup;
  if (receive_shut_ && send_shut_) events |= kHangup;
  if (error_ != 0) events |= kError;
  return events;
}

}  // namespace net::inet
