// Options of TCP.

#include <algorithm>

#include <lwip/priv/tcp_priv.h>

#include "net/inet/tcp_socket.hpp"

namespace net::inet {
namespace {

constexpr int kNoDelay = 1, kMaxSegment = 2, kCork = 3, kKeepIdle = 4, kKeepInterval = 5, kKeepCount = 6, kInfo = 11,
              kQuickAcknowledge = 12, kUserTimeout = 18;

// The beginning of struct tcp_info (Linux include/uapi/linux/tcp.h); what lwIP does not know is 0.
struct TcpInformation {
  u8 state, congestion_state, retransmits, probes, backoff, options, window_scales, flags;
  u32 retransmission_us, acknowledgement_us, send_segment, receive_segment;
  u32 unacknowledged, selectively, lost, retransmitted, forward;
  u32 last_sent, last_acknowledgement_sent, last_received, last_acknowledgement;
  u32 path_mtu, receive_threshold, round_trip_us, variation_us, send_threshold, send_window, advertised_segment,
      reordering, receive_round_trip, receive_space, total_retransmits;
};
static_assert(sizeof(TcpInformation) == 104);

// Linux's numbers for lwIP's states, in lwIP's order.
constexpr u8 kStates[] = {7, 10, 2, 3, 1, 4, 5, 8, 11, 9, 6};

}  // namespace

Status TcpSocket::set_option(int level, int name, std::span<const u8> value) {
  if (level != kLevelTcp) return InetSocket::set_option(level, name, value);
  const i32 number = TRY(option_argument<i32>(value));
  CoreLock lock;
  const auto within = [&](i32 most) { return number >= 1 && number <= most; };
  switch (name) {
    case kNoDelay: tcp_.no_delay = number != 0; break;
    case kCork: tcp_.cork = number != 0; break;
    case kKeepIdle:
      if (!within(32767)) return Err(Errno::EINVAL);
      tcp_.keep_idle_s = static_cast<u32>(number);
      break;
    case kKeepInterval:
      if (!within(32767)) return Err(Errno::EINVAL);
      tcp_.keep_interval_s = static_cast<u32>(number);
      break;
    case kKeepCount:
      if (!within(127)) return Err(Errno::EINVAL);
      tcp_.keep_count = static_cast<u32>(number);
      break;
    case kQuickAcknowledge:
      if (number != 0) connection_->flush_acknowledgement();
      break;
    default: return Err(Errno::ENOPROTOOPT);
  }
  apply_options();
  const bool sends_now = (name == kCork && number == 0) || (name == kNoDelay && number != 0);
  if (sends_now && connection_->can_send()) tcp_output(connection_->pcb);
  return {};
}

Result<OptionValue> TcpSocket::get_option(int level, int name) {
  if (level != kLevelTcp) return InetSocket::get_option(level, name);
  CoreLock lock;
  const auto number = [](u32 value) { return OptionValue::of(value); };
  switch (name) {
    case kNoDelay: return number(tcp_.no_delay);
    case kCork: return number(tcp_.cork);
    case kKeepIdle: return number(tcp_.keep_idle_s);
    case kKeepInterval: return number(tcp_.keep_interval_s);
    case kKeepCount: return number(tcp_.keep_count);
    case kMaxSegment: return number(connection_->pcb == nullptr ? 536 : connection_->pcb->mss);
    case kQuickAcknowledge: return number(1);
    case kInfo: return information();
    default: return Err(Errno::ENOPROTOOPT);
  }
}

OptionValue TcpSocket::information() {
  TcpInformation result{};
  const tcp_pcb* pcb = connection_->pcb;
  const bool is_listening = connection_->phase == Connection::Phase::Listening;
  result.state = pcb == nullptr ? 7 : kStates[pcb->state];
  if (pcb != nullptr && !is_listening) {
    result.retransmits = pcb->nrtx;
    result.window_scales = static_cast<u8>(pcb->snd_scale | pcb->rcv_scale << 4);
    result.retransmission_us = static_cast<u32>(pcb->rto) * TCP_SLOW_INTERVAL * 1000;
    result.send_segment = result.receive_segment = result.advertised_segment = pcb->mss;
    result.round_trip_us = static_cast<u32>(std::max<i32>(pcb->sa, 0) >> 3) * TCP_SLOW_INTERVAL * 1000;
    result.variation_us = static_cast<u32>(std::max<i32>(pcb->sv, 0) >> 2) * TCP_SLOW_INTERVAL * 1000;
    result.send_threshold = pcb->ssthresh / pcb->mss;
    result.send_window = std::max<u32>(pcb->cwnd / pcb->mss, 1);
    result.receive_space = pcb->rcv_wnd;
  }
  return OptionValue::of(result);
}

}  // namespace net::inet
