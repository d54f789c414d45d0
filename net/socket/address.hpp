// Socket addresses as programs pass them, and the numbers of families and types (Linux include/linux/socket.h).
#pragma once

#include <cstring>
#include <span>

#include "kernel/lib/result.hpp"

namespace net {

namespace family {
inline constexpr u16 kUnspecified = 0, kUnix = 1, kInet = 2, kInet6 = 10, kNetlink = 16, kPacket = 17;
}
namespace socket_type {
inline constexpr u32 kStream = 1, kDatagram = 2, kRaw = 3, kSequential = 5;
}

// struct sockaddr_storage and how much of it is used. The first two bytes are the family.
struct SocketAddress {
  static constexpr usize kMax = 128;
  alignas(8) u8 bytes[kMax] = {};
  usize length = 0;

  u16 family() const {
    u16 value = 0;
    if (length >= sizeof(value)) std::memcpy(&value, bytes, sizeof(value));
    return value;
  }
  std::span<const u8> used() const { return {bytes, length}; }

  // A structure such as sockaddr_in; T is at most kMax bytes.
  template <class T>
  static SocketAddress of(const T& value) {
    static_assert(sizeof(T) <= kMax);
    SocketAddress address;
    std::memcpy(address.bytes, &value, sizeof(value));
    address.length = sizeof(value);
    return address;
  }
  // EINVAL if the address is too short for a T.
  template <class T>
  Result<T> as() const {
    if (length < sizeof(T)) return Err(Errno::EINVAL);
    T value;
    std::memcpy(&value, bytes, sizeof(value));
    return value;
  }
};

}  // namespace net
