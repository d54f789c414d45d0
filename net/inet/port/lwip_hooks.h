/* Where lwIP asks the kernel: routes and initial sequence numbers. net/inet implements these. */
#pragma once

#include <lwip/ip_addr.h>

#ifdef __cplusplus
extern "C" {
#endif

struct netif;

/* The interface for a destination, or null: no route. Core lock held. */
struct netif* lwip_port_route(const ip4_addr_t* source, const ip4_addr_t* target);
/* The next hop on an interface, or null: the interface's own gateway. */
const ip4_addr_t* lwip_port_gateway(struct netif* netif, const ip4_addr_t* target);
/* RFC 6528: a keyed hash of the connection, plus a clock. */
u32_t lwip_port_initial_sequence(const ip_addr_t* local, u16_t local_port, const ip_addr_t* remote, u16_t remote_port);

#ifdef __cplusplus
}
#endif
