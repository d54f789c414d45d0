#include "net/device/tap.hpp"

namespace net {
namespace {
Tap g_tap = nullptr;
}

void set_tap(Tap tap) { g_tap = tap; }

void tap_frame(Interface& interface, pbuf* frame, bool outgoing) {
  if (g_tap != nullptr) g_tap(interface, frame, outgoing);
}

}  // namespace net
