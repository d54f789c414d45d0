// The pieces of net/inet that start with the stack.
#pragma once

namespace net::inet {

// AF_INET and AF_INET6 become known to socket().
void register_families();
// ICMP errors reach the sockets whose packets caused them. Core lock held.
void listen_for_icmp_errors();
// Who owns the core lock, for the check that lwIP makes of itself.
void note_owner(bool owned);

}  // namespace net::inet
