/* How lwIP is built: its raw interface under the kernel's sockets, all of it under one lock. */
#pragma once

/* --- the system --- */
#define NO_SYS                                0
#define SYS_LIGHTWEIGHT_PROT                  0
#define LWIP_TCPIP_CORE_LOCKING               1
#define LWIP_ASSERT_CORE_LOCKED()             lwip_port_assert_locked()
#define LWIP_NETCONN                          0
#define LWIP_SOCKET                           0
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS 1
/* net/inet/timers.cpp runs the clocks, and only while somebody needs them. */
#define LWIP_TIMERS        1
#define LWIP_TIMERS_CUSTOM 1
#define LWIP_STATS         0

/* --- memory: the kernel's heap --- */
#define MEM_CUSTOM_ALLOCATOR     1
#define MEM_CUSTOM_MALLOC        lwip_port_allocate
#define MEM_CUSTOM_CALLOC        lwip_port_allocate_cleared
#define MEM_CUSTOM_FREE          lwip_port_free
#define MEMP_MEM_MALLOC          1
#define PBUF_POOL_FREE_OOSEQ     0
#define MEM_ALIGNMENT            8
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define PBUF_POOL_BUFSIZE        2048

/* --- IP --- */
#define LWIP_IPV4                               1
#define LWIP_IPV6                               1
#define IP_DEFAULT_TTL                          64
#define IP_FORWARD                              0
#define IP_REASSEMBLY                           1
#define IP_REASS_MAX_PBUFS                      256
#define IP_FRAG                                 1
#define LWIP_IPV6_FRAG                          1
#define LWIP_IPV6_REASS                         1
#define IPV6_FRAG_COPYHEADER                    1
#define LWIP_IPV6_SEND_ROUTER_SOLICIT           1
#define LWIP_IPV6_AUTOCONFIG                    1
#define LWIP_ARP                                1
#define ARP_QUEUEING                            1
#define ARP_TABLE_SIZE                          64
#define ETHARP_SUPPORT_STATIC_ENTRIES           1
#define LWIP_ICMP                               1
#define LWIP_ICMP6                              1
#define LWIP_BROADCAST_PING                     0
#define LWIP_RAW                                1
#define LWIP_IGMP                               1
#define LWIP_IPV6_MLD                           1
#define LWIP_MULTICAST_TX_OPTIONS               1
#define IP_SOF_BROADCAST                        1
#define SO_REUSE                                1
#define SO_REUSE_RXTOALL                        1
#define LWIP_DNS                                0
#define LWIP_DHCP                               0
#define LWIP_AUTOIP                             0
#define LWIP_ACD                                0
#define LWIP_HOOK_FILENAME                      "lwip_hooks.h"
#define LWIP_HOOK_IP4_ROUTE_SRC(source, target) lwip_port_route(source, target)
#define LWIP_HOOK_ETHARP_GET_GW(netif, target)  lwip_port_gateway(netif, target)
#define LWIP_HOOK_TCP_ISN                       lwip_port_initial_sequence

/* --- interfaces --- */
#define LWIP_NETIF_LOOPBACK                1
#define LWIP_HAVE_LOOPIF                   1
#define LWIP_NETIF_LOOPBACK_MULTITHREADING 0
/* Whoever gives a packet in holds the core lock: it goes straight on. */
#define tcpip_input                  ip_input
#define LWIP_LOOPBACK_MAX_PBUFS      0
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_NUM_NETIF_CLIENT_DATA   1

/* --- UDP and TCP --- */
#define LWIP_UDP 1
#define LWIP_TCP 1
/* Large segments where the interface allows (loopback); on Ethernet its MTU is the limit. */
#define TCP_MSS 32768
#define TCP_WND (256 * 1024)
/* When a reader has made that much room, the other side hears of it. Of the connection's own window: one without
   scaling has 64 KiB in all, and lwIP's own choice, a quarter of TCP_WND, would never be reached there. `pcb` is
   tcp_recved()'s. */
#define TCP_WND_UPDATE_THRESHOLD       (TCP_WND_MAX(pcb) / 4)
#define LWIP_WND_SCALE                 1
#define TCP_RCV_SCALE                  3
#define TCP_SND_BUF                    (256 * 1024)
#define TCP_SND_QUEUELEN               1024
#define TCP_SNDLOWAT                   (64 * 1024)
#define TCP_SNDQUEUELOWAT              512
#define MEMP_NUM_TCP_SEG               1024
#define TCP_OVERSIZE                   512
#define TCP_QUEUE_OOSEQ                1
#define LWIP_TCP_SACK_OUT              1
#define TCP_LISTEN_BACKLOG             1
#define TCP_MSL                        30000UL
#define LWIP_TCP_KEEPALIVE             1
#define TCP_KEEPIDLE_DEFAULT           7200000UL
#define TCP_KEEPINTVL_DEFAULT          75000UL
#define TCP_KEEPCNT_DEFAULT            9U
#define LWIP_TCP_PCB_NUM_EXT_ARGS      1
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
