// lwIP's clocks: one thread that sleeps whenever nobody needs them.
//
// TCP's clock (250 ms) runs while a connection waits for something: an acknowledgement, a retransmission, the end of
// TIME_WAIT, a keep-alive probe. The slow clocks of ARP, neighbour discovery, reassembly and group membership run while
// an interface other than loopback was used in the last minute; afterwards, what they missed is made up for.
#pragma once

#include "kernel/lib/result.hpp"

namespace net::inet {

// ENOMEM. Late initialization.
Status start_timers();
// The stack was used: what came of it may need a clock. Core lock held.
void note_activity();
// A real interface sent or received. Core lock held.
void note_link_activity();

}  // namespace net::inet
