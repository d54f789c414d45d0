#include "net/socket/options.hpp"

#include <algorithm>

namespace net {
namespace {

using namespace socket_option;

struct Linger {
  i32 on;
  i32 seconds;
};
struct TimeVal {
  i64 seconds;
  i64 microseconds;
};

// The member that a switch-like option sets, or null.
bool SocketOptions::* flag_of(int name) {
  switch (name) {
    case kReuseAddress: return &SocketOptions::reuse_address;
    case kReusePort: return &SocketOptions::reuse_port;
    case kBroadcast: return &SocketOptions::broadcast;
    case kKeepAlive: return &SocketOptions::keep_alive;
    case kOobInline: return &SocketOptions::oob_inline;
    case kPassCredentials: return &SocketOptions::pass_credentials;
    case kDontRoute: return &SocketOptions::dont_route;
    case kNoCheck: return &SocketOptions::no_check;
    case kTimestamp: return &SocketOptions::timestamp;
    case kDebug: return &SocketOptions::debug;
    default: return nullptr;
  }
}

Result<u64> timeout_of(std::span<const u8> value) {
  const TimeVal time = TRY(option_argument<TimeVal>(value));
  if (time.microseconds < 0 || time.microseconds >= 1'000'000) return Err(Errno::EDOM);
  if (time.seconds < 0) return u64{0};
  if (time.seconds > INT32_MAX) return u64{0};
  return static_cast<u64>(time.seconds) * 1'000'000'000 + static_cast<u64>(time.microseconds) * 1000;
}

TimeVal time_of(u64 ns) { return {static_cast<i64>(ns / 1'000'000'000), static_cast<i64>(ns % 1'000'000'000 / 1000)}; }

// As Linux: twice what was asked, for the bookkeeping, between bounds.
u32 buffer_size(u32 wanted, bool may_exceed) {
  const u32 asked = may_exceed ? std::min<u32>(wanted, INT32_MAX / 2) : std::min(wanted, kMostBuffer / 2);
  return std::max(asked * 2, kLeastBuffer);
}

}  // namespace

Status set_common_option(SocketOptions& options, int name, std::span<const u8> value, bool may_exceed) {
  if (bool SocketOptions::* flag = flag_of(name)) {
    options.*flag = TRY(option_argument<i32>(value)) != 0;
    return {};
  }
  switch (name) {
    case kSendBuffer:
    case kReceiveBuffer:
    case kSendBufferForce:
    case kReceiveBufferForce: {
      const bool force = name == kSendBufferForce || name == kReceiveBufferForce;
      if (force && !may_exceed) return Err(Errno::EPERM);
      const u32 size = buffer_size(static_cast<u32>(std::max(TRY(option_argument<i32>(value)), 0)), force);
      (name == kSendBuffer || name == kSendBufferForce ? options.send_buffer : options.receive_buffer) = size;
      return {};
    }
    case kPriority: options.priority = TRY(option_argument<u32>(value)); return {};
    case kMark:
      if (!may_exceed) return Err(Errno::EPERM);
      options.mark = TRY(option_argument<u32>(value));
      return {};
    case kReceiveLow: options.receive_low = static_cast<u32>(std::max(TRY(option_argument<i32>(value)), 1)); return {};
    case kLinger: {
      const Linger linger = TRY(option_argument<Linger>(value));
      options.linger = linger.on != 0;
      options.linger_seconds = static_cast<u32>(std::max(linger.seconds, 0));
      return {};
    }
    case kReceiveTimeout:
    case kReceiveTimeoutNew: options.receive_timeout_ns = TRY(timeout_of(value)); return {};
    case kSendTimeout:
    case kSendTimeoutNew: options.send_timeout_ns = TRY(timeout_of(value)); return {};
    default: return Err(Errno::ENOPROTOOPT);
  }
}

Result<OptionValue> get_common_option(const SocketOptions& options, int name) {
  if (bool SocketOptions::* flag = flag_of(name)) return OptionValue::of<i32>(options.*flag ? 1 : 0);
  switch (name) {
    case kSendBuffer: return OptionValue::of(options.send_buffer);
    case kReceiveBuffer: return OptionValue::of(options.receive_buffer);
    case kPriority: return OptionValue::of(options.priority);
    case kMark: return OptionValue::of(options.mark);
    case kReceiveLow: return OptionValue::of(options.receive_low);
    case kSendLow: return OptionValue::of<i32>(1);
    case kLinger: return OptionValue::of(Linger{options.linger, static_cast<i32>(options.linger_seconds)});
    case kReceiveTimeout:
    case kReceiveTimeoutNew: return OptionValue::of(time_of(options.receive_timeout_ns));
    case kSendTimeout:
    case kSendTimeoutNew: return OptionValue::of(time_of(options.send_timeout_ns));
    default: return Err(Errno::ENOPROTOOPT);
  }
}

}  // namespace net
