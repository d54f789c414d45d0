// SOL_SOCKET options that are the same for all families, as one value.
#pragma once

#include <span>

#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"

namespace net {

inline constexpr int kSolSocket = 1;

namespace socket_option {
inline constexpr int kDebug = 1, kReuseAddress = 2, kType = 3, kError = 4, kDontRoute = 5, kBroadcast = 6,
                     kSendBuffer = 7, kReceiveBuffer = 8, kKeepAlive = 9, kOobInline = 10, kNoCheck = 11,
                     kPriority = 12, kLinger = 13, kReusePort = 15, kPassCredentials = 16, kPeerCredentials = 17,
                     kReceiveLow = 18, kSendLow = 19, kReceiveTimeout = 20, kSendTimeout = 21, kBindToDevice = 25,
                     kAttachFilter = 26, kDetachFilter = 27, kTimestamp = 29, kAcceptsConnections = 30,
                     kPeerSecurity = 31, kSendBufferForce = 32, kReceiveBufferForce = 33, kMark = 36, kProtocol = 38,
                     kDomain = 39, kBusyPoll = 46, kIncomingCpu = 49, kReceiveTimeoutNew = 66, kSendTimeoutNew = 67;
}

inline constexpr u32 kDefaultBuffer = 212992;  // as Linux: net.core.rmem_default
inline constexpr u32 kLeastBuffer = 2304, kMostBuffer = 2 * 212992;

struct SocketOptions {
  bool reuse_address = false, reuse_port = false, broadcast = false, keep_alive = false, oob_inline = false;
  bool pass_credentials = false, dont_route = false, no_check = false, timestamp = false, debug = false;
  bool linger = false;
  u32 linger_seconds = 0;
  u32 send_buffer = kDefaultBuffer, receive_buffer = kDefaultBuffer;
  u32 receive_low = 1;
  u32 priority = 0, mark = 0;
  u64 receive_timeout_ns = 0, send_timeout_ns = 0;  // 0: for ever
  u32 interface = 0;                                // SO_BINDTODEVICE, by index
};

// What getsockopt gives.
struct OptionValue {
  static constexpr usize kMax = 256;
  alignas(8) u8 bytes[kMax] = {};
  usize length = 0;

  template <class T>
  static OptionValue of(const T& value) {
    static_assert(sizeof(T) <= kMax);
    OptionValue result;
    __builtin_memcpy(result.bytes, &value, sizeof(value));
    result.length = sizeof(value);
    return result;
  }
};

// The argument of setsockopt as a T. EINVAL if it is too short.
template <class T>
Result<T> option_argument(std::span<const u8> bytes) {
  if (bytes.size() < sizeof(T)) return Err(Errno::EINVAL);
  T value;
  __builtin_memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

// The options that need nothing but the values. ENOPROTOOPT for others. EINVAL, EDOM, EPERM.
Status set_common_option(SocketOptions& options, int name, std::span<const u8> value, bool may_exceed);
Result<OptionValue> get_common_option(const SocketOptions& options, int name);

}  // namespace net
