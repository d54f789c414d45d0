// IPv4 routes beyond the networks of the interfaces themselves. Core lock held for all of it.
#pragma once

#include <lwip/ip4_addr.h>
#include <lwip/netif.h>
#include "kernel/lib/result.hpp"

namespace net::inet {

struct Route {
  ip4_addr_t network{}, mask{}, gateway{};
  u8 interface = 0;  // lwIP's index
  u32 metric = 0;
};

// EEXIST, ENETUNREACH (the gateway is on no network of ours), ENOMEM.
Status add_route(Route route);
// ESRCH. An interface of 0 and a gateway of 0 match any.
Status remove_route(const Route& route);
// An interface lost its address or went down.
void remove_routes_of(u8 interface);

// Calls visit for each route: those that were added, and those that the interfaces' addresses imply.
void list_routes(void (*visit)(void* context, const Route& route), void* context);

}  // namespace net::inet
