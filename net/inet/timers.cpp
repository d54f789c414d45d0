#include "net/inet/timers.hpp"

#include <algorithm>

#include <lwip/etharp.h>
#include <lwip/igmp.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/mld6.h>
#include <lwip/nd6.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/timeouts.h>
#include "hal/cpu.hpp"
#include "hal/timer.hpp"
#include "kernel/sched/thread.hpp"
#include "net/inet/core.hpp"

namespace net::inet {
namespace {

constexpr u64 kMillisecond = 1'000'000;
constexpr u64 kNever = sync::kNoDeadline;
constexpr u64 kLinger = 60'000 * kMillisecond;
constexpr u64 kGroupLinger = 5'000 * kMillisecond;
constexpr u64 kMostMissed = 600;

// A clock: runs every `period` while it is wanted.
struct Clock {
  u64 period_ns;
  void (*tick)();
  u64 linger_ns;  // how long after the last use of a link; 0: TCP's, which asks the connections
  u64 next_ns = kNever;
  u64 last_ns = 0;
};

Clock g_clocks[] = {
    {TCP_TMR_INTERVAL * kMillisecond, tcp_tmr, 0},
    {ARP_TMR_INTERVAL * kMillisecond, etharp_tmr, kLinger},
    {ND6_TMR_INTERVAL * kMillisecond, nd6_tmr, kLinger},
    {IP_TMR_INTERVAL * kMillisecond, ip_reass_tmr, kLinger},
    {IP6_REASS_TMR_INTERVAL * kMillisecond, ip6_reass_tmr, kLinger},
    {IGMP_TMR_INTERVAL * kMillisecond, igmp_tmr, kGroupLinger},
    {MLD6_TMR_INTERVAL * kMillisecond, mld6_tmr, kGroupLinger},
};
u64 g_link_used_ns = 0;            // core lock
std::atomic<u64> g_next = kNever;  // when the thread has to do something
sync::WaitQueue g_changed;

bool needs_clock(const tcp_pcb& pcb) {
  if (pcb.state != ESTABLISHED && pcb.state != CLOSE_WAIT && pcb.state != FIN_WAIT_2) return true;
  if (pcb.state == FIN_WAIT_2 && (pcb.flags & TF_RXCLOSED) != 0) return true;
  constexpr u16 kWaiting = TF_ACK_DELAY | TF_ACK_NOW | TF_CLOSEPEND;
  return pcb.unsent != nullptr || pcb.unacked != nullptr || pcb.ooseq != nullptr || pcb.refused_data != nullptr ||
         pcb.persist_backoff != 0 || (pcb.flags & kWaiting) != 0 || (pcb.so_options & SOF_KEEPALIVE) != 0;
}

bool tcp_needs_clock() {
  if (tcp_tw_pcbs != nullptr) return true;
  for (const tcp_pcb* pcb = tcp_active_pcbs; pcb != nullptr; pcb = pcb->next) {
    if (needs_clock(*pcb)) return true;
  }
  return false;
}

bool is_wanted(const Clock& clock, u64 now) {
  if (clock.linger_ns == 0) return tcp_needs_clock();
  return g_link_used_ns != 0 && now - g_link_used_ns < clock.linger_ns;
}

void publish() {
  u64 next = kNever;
  for (const Clock& clock : g_clocks) next = std::min(next, clock.next_ns);
  const u64 before = g_next.exchange(next, std::memory_order_seq_cst);
  if (next < before) g_changed.wake_all();
}

// Starts a clock that stands still. Ages that it keeps go on as if it had never stopped.
void start(Clock& clock, u64 now) {
  if (clock.next_ns != kNever) return;
  if (clock.linger_ns == kLinger && clock.last_ns != 0) {
    for (u64 missed = std::min((now - clock.last_ns) / clock.period_ns, kMostMissed); missed > 0; --missed)
      clock.tick();
  }
  clock.next_ns = now + clock.period_ns;
}

void run_due(u64 now) {
  for (Clock& clock : g_clocks) {
    if (now < clock.next_ns) continue;
    clock.tick();
    clock.last_ns = now;
    clock.next_ns = is_wanted(clock, now) ? std::max(clock.next_ns + clock.period_ns, now + kMillisecond) : kNever;
  }
  publish();
}

void run_clocks(void*) {
  for (;;) {
    const u64 next = g_next.load(std::memory_order_seq_cst);
    static_cast<void>(g_changed.wait([&] { return g_next.load(std::memory_order_seq_cst) < next; },
                                     sync::WaitMode::Uninterruptible, next));
    const u64 now = hal::monotonic_ns();
    if (now >= g_next.load(std::memory_order_seq_cst)) with_core([&] { run_due(hal::monotonic_ns()); });
  }
}

}  // namespace

void note_activity() {
  // Cheap on purpose: whether TCP really needs its clock is looked at when it goes off.
  Clock& tcp = g_clocks[0];
  if (tcp.next_ns != kNever || (tcp_active_pcbs == nullptr && tcp_tw_pcbs == nullptr)) return;
  tcp.next_ns = hal::monotonic_ns() + tcp.period_ns;
  publish();
}

void note_link_activity() {
  const u64 now = hal::monotonic_ns();
  g_link_used_ns = now;
  for (Clock& clock : g_clocks) {
    if (clock.linger_ns != 0) start(clock, now);
  }
  publish();
}

Status start_timers() { return sched::start_kernel_thread("net-clock", run_clocks, nullptr); }

}  // namespace net::inet

// A connection was entered into TCP's lists; note_activity() follows when the lock is given back.
void tcp_timer_needed() {}
void sys_timeouts_init() {}
