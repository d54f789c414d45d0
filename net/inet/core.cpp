#include "net/inet/core.hpp"

#include <lwip/init.h>
#include <lwip/netif.h>
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"
#include "net/device/interface.hpp"
#include "net/inet/families.hpp"
#include "net/inet/timers.hpp"

namespace net::inet {

sync::Locked<sync::Nothing, sync::LockClass::InetCore> g_core;

namespace {

lib::List<Leftover, LeftoverTag> g_leftovers;  // core lock

constexpr u16 kLoopbackMtu = 65535;

class InetSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "tcp-ip"; }
  void on_early_init(kernel::Kernel&) override { register_families(); }
  void on_late_init(kernel::Kernel&) override {
    with_core([] {
      lwip_init();
      netif* loopback = netif_get_by_index(kLoopbackIndex);
      loopback->mtu = loopback->mtu6 = kLoopbackMtu;
      // What never leaves the memory needs no checksums.
      NETIF_SET_CHECKSUM_CTRL(loopback, 0);
      listen_for_icmp_errors();
    });
    if (!start_timers()) LOG_ERROR("inet", "no memory for the timer thread");
  }
};
REGISTER_SUBSYSTEM(InetSubsystem);

}  // namespace

void CoreLock::enter() { note_owner(true); }

void CoreLock::leave() {
  netif_poll_all();
  kick_interfaces();
  while (!g_leftovers.empty()) {
    Leftover& leftover = g_leftovers.front();
    g_leftovers.pop_front();
    leftover.dispose();
  }
  note_activity();
  note_owner(false);
}

void dispose_later(Leftover& leftover) { g_leftovers.push_back(leftover); }

Errno errno_of(err_t error) {
  switch (error) {
    case ERR_MEM: return Errno::ENOMEM;
    case ERR_BUF: return Errno::ENOBUFS;
    case ERR_TIMEOUT: return Errno::ETIMEDOUT;
    case ERR_RTE: return Errno::ENETUNREACH;
    case ERR_INPROGRESS: return Errno::EINPROGRESS;
    case ERR_WOULDBLOCK: return Errno::EAGAIN;
    case ERR_USE: return Errno::EADDRINUSE;
    case ERR_ALREADY: return Errno::EALREADY;
    case ERR_ISCONN: return Errno::EISCONN;
    case ERR_CONN: return Errno::ENOTCONN;
    case ERR_IF: return Errno::ENETDOWN;
    case ERR_ABRT: return Errno::ECONNABORTED;
    case ERR_RST: return Errno::ECONNRESET;
    case ERR_CLSD: return Errno::ENOTCONN;
    default: return Errno::EINVAL;
  }
}

Status status_of(err_t error) { return error == ERR_OK ? Status() : Status(Err(errno_of(error))); }

}  // namespace net::inet
