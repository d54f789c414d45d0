// /proc/net: interfaces, routes, neighbours and sockets, in Linux's forms (proc(5)).

#include <lwip/etharp.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/raw.h>
#include <lwip/udp.h>

#include "fs/procfs/procfs.hpp"
#include "hal/cpu.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"
#include "net/device/interface.hpp"
#include "net/inet/address.hpp"
#include "net/inet/core.hpp"
#include "net/inet/route.hpp"
#include "net/unix/names.hpp"

namespace net {
namespace {

using procfs::Text;

void dev(Text& text) {
  text.add(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
      "carrier compressed\n");
  inet::CoreLock lock;
  netif* interface = nullptr;
  NETIF_FOREACH(interface) {
    char name[kInterfaceName];
    name_of(*interface, name);
    const InterfaceCounts counts = counts_of(*interface);
    text.print(
        "%6s: %7lu %7lu    0 %4lu    0     0          0         0 %8lu %7lu %4lu %4lu    0     0       0          0\n",
        name, counts.received_bytes, counts.received, counts.receive_drops, counts.sent_bytes, counts.sent,
        counts.send_errors, counts.send_drops);
  }
}

void print_route(void* context, const inet::Route& route) {
  constexpr u32 kUp = 1, kGateway = 2, kHost = 4;
  char name[kInterfaceName] = "*";
  if (const netif* interface = netif_get_by_index(route.interface)) name_of(*interface, name);
  const u32 flags = kUp | (route.gateway.addr != 0 ? kGateway : 0) | (route.mask.addr == ~u32{0} ? kHost : 0);
  static_cast<Text*>(context)->print("%s\t%08X\t%08X\t%04X\t0\t0\t%u\t%08X\t0\t0\t0\n", name, route.network.addr,
                                     route.gateway.addr, flags, route.metric, route.mask.addr);
}

void route(Text& text) {
  text.add("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n");
  inet::CoreLock lock;
  inet::list_routes(print_route, &text);
}

void arp(Text& text) {
  text.add("IP address       HW type     Flags       HW address            Mask     Device\n");
  inet::CoreLock lock;
  for (usize i = 0; i < ARP_TABLE_SIZE; ++i) {
    ip4_addr_t* address = nullptr;
    netif* interface = nullptr;
    eth_addr* hardware = nullptr;
    if (etharp_get_entry(i, &address, &interface, &hardware) == 0) continue;
    char name[kInterfaceName], dotted[16];
    name_of(*interface, name);
    ip4addr_ntoa_r(address, dotted, sizeof(dotted));
    const u8* mac = hardware->addr;
    text.print("%-16s 0x1         0x2         %02x:%02x:%02x:%02x:%02x:%02x     *        %s\n", dotted, mac[0], mac[1],
               mac[2], mac[3], mac[4], mac[5], name);
  }
}

void if_inet6(Text& text) {
  inet::CoreLock lock;
  netif* interface = nullptr;
  NETIF_FOREACH(interface) {
    for (u8 i = 0; i < LWIP_IPV6_NUM_ADDRESSES; ++i) {
      if (!ip6_addr_isvalid(netif_ip6_addr_state(interface, i))) continue;
      const ip6_addr_t& address = *netif_ip6_addr(interface, i);
      const u32 scope = ip6_addr_islinklocal(&address) ? 0x20 : ip6_addr_isloopback(&address) ? 0x10 : 0;
      for (const u32 word : address.addr) text.print("%08x", __builtin_bswap32(word));
      char name[kInterfaceName];
      name_of(*interface, name);
      text.print(" %02x %02x %02x 80 %8s\n", netif_get_index(interface), scope == 0x10 ? 128 : 64, scope, name);
    }
  }
}

void print_address(Text& text, const ip_addr_t& address, u16 port, bool wide) {
  const auto bytes = inet::bytes_of(address);
  if (wide && bytes.size() == 4) text.print("0000000000000000%08X", ip_addr_isany_val(address) ? 0 : 0xffff0000);
  for (usize i = 0; i < bytes.size(); i += 4) {
    u32 word;
    std::memcpy(&word, bytes.data() + i, sizeof(word));
    text.print("%08X", word);
  }
  text.print(":%04X ", port);
}

constexpr const char* kSocketHead =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

void print_socket(Text& text, u32 index, const ip_addr_t& local, u16 local_port, const ip_addr_t& remote,
                  u16 remote_port, u32 state, bool wide) {
  text.print("%4u: ", index);
  print_address(text, local, local_port, wide);
  print_address(text, remote, remote_port, wide);
  text.print("%02X 00000000:00000000 00:00000000 00000000     0        0 0\n", state);
}

bool is_wide(const ip_addr_t& local) { return !IP_IS_V4_VAL(local); }

void tcp_table(Text& text, bool wide) {
  // Linux's numbers for lwIP's states.
  constexpr u8 kStates[] = {7, 10, 2, 3, 1, 4, 5, 8, 11, 9, 6};
  text.add(kSocketHead);
  inet::CoreLock lock;
  u32 index = 0;
  for (const tcp_pcb_listen* pcb = tcp_listen_pcbs.listen_pcbs; pcb != nullptr; pcb = pcb->next) {
    if (is_wide(pcb->local_ip) != wide) continue;
    print_socket(text, index++, pcb->local_ip, pcb->local_port, wide ? *IP6_ADDR_ANY : *IP4_ADDR_ANY, 0, 10, wide);
  }
  for (const tcp_pcb* list : {tcp_active_pcbs, tcp_tw_pcbs}) {
    for (const tcp_pcb* pcb = list; pcb != nullptr; pcb = pcb->next) {
      if (is_wide(pcb->local_ip) != wide) continue;
      print_socket(text, index++, pcb->local_ip, pcb->local_port, pcb->remote_ip, pcb->remote_port, kStates[pcb->state],
                   wide);
    }
  }
}
void tcp(Text& text) { tcp_table(text, false); }
void tcp6(Text& text) { tcp_table(text, true); }

void udp_table(Text& text, bool wide) {
  text.add(kSocketHead);
  inet::CoreLock lock;
  u32 index = 0;
  for (const udp_pcb* pcb = udp_pcbs; pcb != nullptr; pcb = pcb->next) {
    if (is_wide(pcb->local_ip) != wide) continue;
    const bool is_connected = (pcb->flags & UDP_FLAGS_CONNECTED) != 0;
    const ip_addr_t& any = wide ? *IP6_ADDR_ANY : *IP4_ADDR_ANY;
    print_socket(text, index++, pcb->local_ip, pcb->local_port, is_connected ? pcb->remote_ip : any,
                 is_connected ? pcb->remote_port : 0, is_connected ? 1 : 7, wide);
  }
}
void udp(Text& text) { udp_table(text, false); }
void udp6(Text& text) { udp_table(text, true); }

void print_unix(void* context, unix_domain::End& end) {
  // The table of names is locked: only what needs no lock above it may be asked.
  static_cast<Text*>(context)->print("0000000000000000: 00000002 00000000 00000000 %04x 01 00000\n", end.type);
}
void unix_table(Text& text) {
  text.add("Num       RefCount Protocol Flags    Type St Inode Path\n");
  unix_domain::list_names(print_unix, &text);
}

class NetFilesSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "net-files"; }
  void on_early_init(kernel::Kernel&) override {
    struct {
      const char* name;
      procfs::Generate generate;
    } constexpr files[] = {{"net/dev", dev},           {"net/route", route}, {"net/arp", arp},
                           {"net/if_inet6", if_inet6}, {"net/tcp", tcp},     {"net/tcp6", tcp6},
                           {"net/udp", udp},           {"net/udp6", udp6},   {"net/unix", unix_table}};
    for (const auto& file : files) {
      if (!procfs::register_file(file.name, file.generate)) LOG_ERROR("net", "no memory for /proc/%s", file.name);
    }
  }
};
REGISTER_SUBSYSTEM(NetFilesSubsystem);

}  // namespace
}  // namespace net
