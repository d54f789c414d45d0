#include "net/inet/route.hpp"

#include <bit>

#include <lwip/opt.h>
#include <lwip_hooks.h>
#include "kernel/lib/vector.hpp"
#include "net/inet/core.hpp"

namespace net::inet {
namespace {

lib::Vector<Route> g_routes;  // core lock

bool covers(const Route& route, u32 target) { return (target & route.mask.addr) == route.network.addr; }

int width_of(const ip4_addr_t& mask) { return std::popcount(mask.addr); }

// The narrowest route, of these the one with the least metric; of one interface alone where `through` says so.
const Route* best_route(u32 target, const netif* through = nullptr) {
  const Route* best = nullptr;
  for (const Route& route : g_routes) {
    netif* interface = netif_get_by_index(route.interface);
    if (!covers(route, target) || interface == nullptr || !netif_is_up(interface)) continue;
    if (through != nullptr && interface != through) continue;
    const int width = width_of(route.mask);
    const int best_width = best == nullptr ? -1 : width_of(best->mask);
    if (width > best_width || (width == best_width && route.metric < best->metric)) best = &route;
  }
  return best;
}

// The interface whose own network the address is of.
netif* interface_near(const ip4_addr_t& gateway) {
  netif* interface = nullptr;
  NETIF_FOREACH(interface) {
    if (!netif_is_up(interface) || ip4_addr_isany_val(*netif_ip4_addr(interface))) continue;
    if (ip4_addr_net_eq(&gateway, netif_ip4_addr(interface), netif_ip4_netmask(interface))) return interface;
  }
  return nullptr;
}

bool same(const Route& a, const Route& b) {
  return a.network.addr == b.network.addr && a.mask.addr == b.mask.addr &&
         (b.gateway.addr == 0 || a.gateway.addr == b.gateway.addr) && (b.interface == 0 || a.interface == b.interface);
}

}  // namespace

Status add_route(Route route) {
  if (route.interface == 0) {
    const netif* near = interface_near(route.gateway);
    if (near == nullptr) return Err(Errno::ENETUNREACH);
    route.interface = netif_get_index(near);
  }
  if ((route.network.addr & ~route.mask.addr) != 0) return Err(Errno::EINVAL);
  for (const Route& other : g_routes) {
    if (same(other, route) && other.gateway.addr == route.gateway.addr && other.metric == route.metric) {
      return Err(Errno::EEXIST);
    }
  }
  return g_routes.push(route);
}

Status remove_route(const Route& route) {
  for (usize i = 0; i < g_routes.size(); ++i) {
    if (!same(g_routes[i], route)) continue;
    g_routes.remove_at(i);
    return {};
  }
  return Err(Errno::ESRCH);
}

void remove_routes_of(u8 interface) {
  for (usize i = g_routes.size(); i-- > 0;) {
    if (g_routes[i].interface == interface) g_routes.remove_at(i);
  }
}

void list_routes(void (*visit)(void* context, const Route& route), void* context) {
  for (const Route& route : g_routes) visit(context, route);
  netif* interface = nullptr;
  NETIF_FOREACH(interface) {
    const bool has_network = netif_is_up(interface) && !ip4_addr_isany_val(*netif_ip4_addr(interface));
    if (!has_network || interface == netif_get_by_index(kLoopbackIndex)) continue;
    Route route;
    route.mask = *netif_ip4_netmask(interface);
    route.network.addr = netif_ip4_addr(interface)->addr & route.mask.addr;
    route.interface = netif_get_index(interface);
    visit(context, route);
  }
}

}  // namespace net::inet

using namespace net::inet;

struct netif* lwip_port_route(const ip4_addr_t*, const ip4_addr_t* target) {
  // lwIP asks before it looks at the interfaces' own networks where it knows a source, which may be "any". A broadcast
  // to all goes to the first that can.
  const Route* route = best_route(target->addr);
  struct netif* interface = interface_near(*target);
  if (interface != nullptr && (route == nullptr || width_of(*netif_ip4_netmask(interface)) >= width_of(route->mask))) {
    return interface;
  }
  if (route != nullptr) return netif_get_by_index(route->interface);
  if (target->addr == IPADDR_BROADCAST || ip4_addr_ismulticast(target)) {
    NETIF_FOREACH(interface) {
      if (interface != netif_get_by_index(kLoopbackIndex) && netif_is_up(interface)) return interface;
    }
  }
  return nullptr;
}

const ip4_addr_t* lwip_port_gateway(struct netif* interface, const ip4_addr_t* target) {
  const Route* route = best_route(target->addr, interface);
  if (route == nullptr) return nullptr;
  return route->gateway.addr == 0 ? target : &route->gateway;
}
