// Who listens to the frames of interfaces: packet sockets. Core lock held.
#pragma once

#include <lwip/pbuf.h>

#include "kernel/lib/types.hpp"

namespace net {

class Interface;

// A frame, Ethernet header included, came in or goes out. The listeners copy what they want of it.
void tap_frame(Interface& interface, pbuf* frame, bool outgoing);
using Tap = void (*)(Interface& interface, pbuf* frame, bool outgoing);
void set_tap(Tap tap);

}  // namespace net
