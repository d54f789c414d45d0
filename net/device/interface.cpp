#include "net/device/interface.hpp"

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/netif.h>
#include <netif/ethernet.h>

#include "hal/cpu.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/mm/frame.hpp"
#include "kernel/sched/thread.hpp"
#include "net/device/tap.hpp"
#include "net/inet/core.hpp"
#include "net/inet/route.hpp"
#include "net/inet/timers.hpp"

namespace net {
namespace {

constexpr usize kMostWaiting = 1000;
constexpr usize kMostPooled = 512;
constexpr u32 kBudget = 64;

lib::List<Interface> g_interfaces;  // core lock
driver_handle_t g_next_handle = 1;  // core lock
u32 g_next_number = 0;              // core lock

PageBuffer* make_buffer(Interface& owner) {
  const auto frame = mm::allocate_frame(mm::FrameKind::Kernel);
  if (!frame) return nullptr;
  auto* buffer = lib::try_new<PageBuffer>();
  if (buffer == nullptr) {
    mm::release_frame(*frame);
    return nullptr;
  }
  buffer->owner = &owner;
  buffer->memory = static_cast<u8*>(mm::memory_of(*frame));
  buffer->segment = {buffer->memory, mm::address_of(*frame).value, static_cast<u32>(kPageSize), 0};
  return buffer;
}

void destroy_buffer(PageBuffer* buffer) {
  mm::release_frame(mm::frame_of(buffer->memory));
  lib::destroy(buffer);
}

}  // namespace

Result<Interface*> Interface::create(const network_info_t& info, const network_ops_t& ops, void* context) {
  auto* fresh = lib::try_new<Interface>(info, ops, context);
  if (fresh == nullptr) return Err(Errno::ENOMEM);
  if (!sched::start_kernel_thread("net-receive", receive_thread, fresh)) {
    lib::destroy(fresh);
    return Err(Errno::ENOMEM);
  }
  inet::with_core([&] {
    fresh->handle = g_next_handle++;
    lib::format_into(fresh->name, sizeof(fresh->name), "eth%u", g_next_number++);
    netif_add_noaddr(&fresh->lwip, fresh, prepare, ethernet_input);
    if (info.link_up) netif_set_link_up(&fresh->lwip);
    if (netif_default == nullptr) netif_set_default(&fresh->lwip);
    g_interfaces.push_back(*fresh);
  });
  return fresh;
}

err_t Interface::prepare(netif* lwip) {
  auto& self = *static_cast<Interface*>(lwip->state);
  lwip->name[0] = 'e';
  lwip->name[1] = 't';
  lwip->output = etharp_output;
  lwip->output_ip6 = ethip6_output;
  lwip->linkoutput = link_output;
  lwip->mtu = lwip->mtu6 = 1500;
  lwip->hwaddr_len = 6;
  std::memcpy(lwip->hwaddr, self.info_.address, 6);
  lwip->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
  return ERR_OK;
}

Status Interface::set_up(bool up) {
  auto state = state_.lock();
  if (state->is_up == up) return {};
  if (up) {
    transmit_.with([](Transmit& transmit) { transmit.is_open = true; });
    if (ops_.start(context_) != HAL_OK) {
      transmit_.with([](Transmit& transmit) { transmit.is_open = false; });
      return Err(Errno::EIO);
    }
    inet::with_core([&] {
      netif_create_ip6_linklocal_address(&lwip, 1);
      netif_set_ip6_autoconfig_enabled(&lwip, 1);
      netif_set_up(&lwip);
      inet::note_link_activity();
    });
  } else {
    inet::with_core([&] {
      netif_set_down(&lwip);
      inet::remove_routes_of(netif_get_index(&lwip));
    });
    transmit_.with([](Transmit& transmit) { transmit.is_open = false; });
    ops_.stop(context_);
    give_waiting();
  }
  state->is_up = up;
  return {};
}

// Frames that the driver had no room for go back to the pool.
void Interface::give_waiting() {
  for (;;) {
    PageBuffer* buffer = transmit_.with([](Transmit& transmit) -> PageBuffer* {
      if (transmit.waiting.empty()) return nullptr;
      PageBuffer* first = &transmit.waiting.front();
      transmit.waiting.pop_front();
      --transmit.waiting_count;
      return first;
    });
    if (buffer == nullptr) return;
    give_back(*buffer);
  }
}

void Interface::remove() {
  static_cast<void>(set_up(false));
  is_leaving_.store(true);
  wake_.wake_all();
  static_cast<void>(wake_.wait([&] { return has_left_.load(); }));
  inet::with_core([&] {
    g_interfaces.erase(g_interfaces.iterator_to(*this));
    netif_remove(&lwip);
  });
  // Pages that lwIP still reads keep the object alive: they name it. It is left to them, which is rare and bounded.
  const bool is_idle = pool_.with([](Pool& pool) { return pool.in_use == 0; });
  lib::List<PageBuffer> free;
  pool_.with([&](Pool& pool) { free.splice(free.end(), pool.free); });
  while (!free.empty()) {
    PageBuffer* buffer = &free.front();
    free.pop_front();
    destroy_buffer(buffer);
  }
  if (is_idle) lib::destroy(this);
}

Result<PageBuffer*> Interface::take_buffer() {
  PageBuffer* pooled = pool_.with([](Pool& pool) -> PageBuffer* {
    ++pool.in_use;
    if (pool.free.empty()) return nullptr;
    PageBuffer* first = &pool.free.front();
    pool.free.pop_front();
    --pool.free_count;
    return first;
  });
  if (pooled != nullptr) return pooled;
  PageBuffer* fresh = make_buffer(*this);
  if (fresh != nullptr) return fresh;
  pool_.with([](Pool& pool) { --pool.in_use; });
  return Err(Errno::ENOMEM);
}

void Interface::give_back(PageBuffer& buffer) {
  const bool kept = pool_.with([&](Pool& pool) {
    --pool.in_use;
    if (pool.free_count >= kMostPooled) return false;
    pool.free.push_front(buffer);
    ++pool.free_count;
    return true;
  });
  if (!kept) destroy_buffer(&buffer);
}

// --- sending ---

err_t Interface::link_output(netif* lwip, pbuf* frame) {
  return static_cast<Interface*>(lwip->state)->send(frame) ? ERR_OK : ERR_MEM;
}

Status Interface::send(pbuf* frame) {
  tap_frame(*this, frame, true);
  inet::note_link_activity();
  if (frame->tot_len > kPageSize) return Err(Errno::EMSGSIZE);
  auto taken = take_buffer();
  if (!taken) return Err(Errno::ENOBUFS);
  PageBuffer& buffer = **taken;
  buffer.length = pbuf_copy_partial(frame, buffer.memory, frame->tot_len, 0);
  const Status queued = transmit_.with([&](Transmit& transmit) -> Status {
    if (!transmit.is_open) return Err(Errno::ENETDOWN);
    hal_segment_t segment = buffer.segment;
    segment.length = buffer.length;
    network_frame_t wanted{};
    wanted.tag = reinterpret_cast<u64>(&buffer);
    wanted.segment_count = 1;
    wanted.length = buffer.length;
    wanted.segments = &segment;
    const hal_status_t status =
        transmit.waiting.empty() ? ops_.transmit(context_, 0, &wanted) : static_cast<hal_status_t>(HAL_BUSY);
    transmit.needs_kick = transmit.needs_kick || status == HAL_OK;
    if (status == HAL_BUSY && transmit.waiting_count < kMostWaiting) {
      transmit.waiting.push_back(buffer);
      ++transmit.waiting_count;
    } else if (status != HAL_OK) {
      ++transmit.counts.send_drops;
      return Err(Errno::ENOBUFS);
    }
    return {};
  });
  if (!queued) give_back(buffer);
  return queued;
}

void Interface::kick() {
  transmit_.with([&](Transmit& transmit) {
    if (transmit.is_open && std::exchange(transmit.needs_kick, false)) ops_.kick(context_, 0);
  });
}

void Interface::sent(PageBuffer& buffer, bool well) {
  const bool others_wait = transmit_.with([&](Transmit& transmit) {
    if (well) {
      ++transmit.counts.sent;
      transmit.counts.sent_bytes += buffer.length;
    } else {
      ++transmit.counts.send_errors;
    }
    return !transmit.waiting.empty();
  });
  give_back(buffer);
  if (others_wait) want_poll();
}

// --- receiving ---

void Interface::received(PageBuffer& buffer, u32 offset, u32 length) {
  buffer.offset = offset;
  buffer.length = length;
  // poll() runs under the state's lock, which the receive thread holds.
  state_.unshared().arrived.push_back(buffer);
}

void Interface::want_poll() {
  poll_wanted_.store(true, std::memory_order_seq_cst);
  wake_.wake_all();
}

void Interface::wrapper_freed(pbuf* buffer) {
  auto* page = static_cast<PageBuffer*>(reinterpret_cast<pbuf_custom*>(buffer));
  page->owner->give_back(*page);
}

void Interface::deliver(lib::List<PageBuffer>& frames) {
  inet::CoreLock lock;
  inet::note_link_activity();
  while (!frames.empty()) {
    PageBuffer& page = frames.front();
    frames.pop_front();
    transmit_.with([&](Transmit& transmit) {
      ++transmit.counts.received;
      transmit.counts.received_bytes += page.length;
    });
    page.custom_free_function = wrapper_freed;
    pbuf* frame = pbuf_alloced_custom(PBUF_RAW, static_cast<u16>(page.length), PBUF_REF, &page,
                                      page.memory + page.offset, static_cast<u16>(kPageSize - page.offset));
    tap_frame(*this, frame, false);
    if (lwip.input(frame, &lwip) != ERR_OK) pbuf_free(frame);
  }
}

void Interface::receive_thread(void* self) { static_cast<Interface*>(self)->receive_loop(); }

void Interface::receive_loop() {
  while (!is_leaving_.load()) {
    static_cast<void>(wake_.wait([&] { return poll_wanted_.load(std::memory_order_seq_cst) || is_leaving_.load(); }));
    poll_wanted_.store(false, std::memory_order_seq_cst);
    auto state = state_.lock();
    if (!state->is_up) continue;
    const u32 done = ops_.poll(context_, 0, kBudget);
    deliver(state->arrived);
    // What waited for room in the driver's queue goes first, in its order.
    transmit_.with([&](Transmit& transmit) {
      while (!transmit.waiting.empty()) {
        PageBuffer& buffer = transmit.waiting.front();
        hal_segment_t segment = buffer.segment;
        segment.length = buffer.length;
        network_frame_t wanted{};
        wanted.tag = reinterpret_cast<u64>(&buffer);
        wanted.segment_count = 1;
        wanted.length = buffer.length;
        wanted.segments = &segment;
        if (ops_.transmit(context_, 0, &wanted) != HAL_OK) break;
        transmit.waiting.pop_front();
        --transmit.waiting_count;
        transmit.needs_kick = true;
      }
      if (std::exchange(transmit.needs_kick, false)) ops_.kick(context_, 0);
    });
    if (done >= kBudget) want_poll();
  }
  has_left_.store(true);
  wake_.wake_all();
}

void Interface::set_link(bool up) {
  inet::with_core([&] {
    if (up) {
      netif_set_link_up(&lwip);
    } else {
      netif_set_link_down(&lwip);
    }
  });
}

// --- looking ---

InterfaceCounts Interface::counts() {
  return transmit_.with([](Transmit& transmit) { return transmit.counts; });
}

u32 Interface::flags() const {
  using namespace interface_flag;
  u32 result = kBroadcast | kMulticast;
  if (netif_is_up(&lwip)) result |= kUp;
  if (netif_is_up(&lwip) && netif_is_link_up(&lwip)) result |= kRunning;
  if (is_promiscuous.load()) result |= kPromiscuous;
  return result;
}

Interface* interface_of(const netif& lwip) {
  return netif_get_index(&lwip) == inet::kLoopbackIndex ? nullptr : static_cast<Interface*>(lwip.state);
}

Interface* find_interface(u32 index) {
  const netif* lwip = index == 0 || index > 255 ? nullptr : netif_get_by_index(static_cast<u8>(index));
  return lwip == nullptr ? nullptr : interface_of(*lwip);
}

Interface* find_interface(std::string_view name) {
  for (Interface& interface : g_interfaces) {
    if (name == interface.name) return &interface;
  }
  return nullptr;
}

Interface* interface_of(driver_handle_t handle) {
  for (Interface& interface : g_interfaces) {
    if (interface.handle == handle) return &interface;
  }
  return nullptr;
}

netif* find_netif(std::string_view name) {
  if (name == "lo") return netif_get_by_index(inet::kLoopbackIndex);
  Interface* interface = find_interface(name);
  return interface == nullptr ? nullptr : &interface->lwip;
}

usize name_of(const netif& lwip, std::span<char> to) {
  const Interface* interface = interface_of(lwip);
  return lib::format_into(to.data(), to.size(), "%s", interface == nullptr ? "lo" : interface->name);
}

u32 flags_of(const netif& lwip) {
  using namespace interface_flag;
  if (const Interface* interface = interface_of(lwip)) return interface->flags();
  return kLoopback | (netif_is_up(&lwip) ? kUp | kRunning : 0);
}

InterfaceCounts counts_of(const netif& lwip) {
  Interface* interface = interface_of(lwip);
  return interface == nullptr ? InterfaceCounts() : interface->counts();
}

void kick_interfaces() {
  for (Interface& interface : g_interfaces) interface.kick();
}

}  // namespace net
