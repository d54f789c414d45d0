// Network interfaces that drivers announced: what stands between a driver and the TCP/IP stack.
//
// An Interface is made by network_add() and lives until network_remove(). Three locks: `state_lock` (a mutex, taken
// before the core lock) orders going up, going down and the receive thread's calls of the driver's poll(); the core
// lock guards what lwIP knows (addresses, flags) and the list of interfaces; `transmit` (spinning) the path to the
// driver. Buffers are whole pages, so that a device can reach them. A received page is lent to lwIP as it is and comes
// back to the pool when the last reader is done; a frame to send is copied once, since lwIP may change or free it at
// any time.
#pragma once

#include <lwip/netif.h>
#include <lwip/pbuf.h>

#include <cstring>
#include <span>
#include <string_view>

#include "kernel/driver_loader.h"
#include "kernel/lib/list.hpp"
#include "kernel/sync/locked.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace net {

inline constexpr usize kInterfaceName = 16;  // IFNAMSIZ, with the NUL

// IFF_ flags (Linux include/uapi/linux/if.h).
namespace interface_flag {
inline constexpr u32 kUp = 1, kBroadcast = 2, kLoopback = 8, kRunning = 0x40, kNoArp = 0x80, kPromiscuous = 0x100,
                     kAllMulticast = 0x200, kMulticast = 0x1000;
}

struct InterfaceCounts {
  u64 received = 0, received_bytes = 0, receive_drops = 0;
  u64 sent = 0, sent_bytes = 0, send_drops = 0, send_errors = 0;
};

class Interface;

// One page: lent to a driver, or to lwIP as a custom pbuf, or in the pool.
struct PageBuffer : lib::ListNode, pbuf_custom {
  Interface* owner = nullptr;
  u8* memory = nullptr;
  hal_segment_t segment{};
  u32 length = 0;  // of a frame in it
  u32 offset = 0;
};

class Interface : public lib::ListNode {
 public:
  Interface(const network_info_t& info, const network_ops_t& ops, void* context)
      : info_(info), ops_(ops), context_(context) {}
  // ENOMEM.
  static Result<Interface*> create(const network_info_t& info, const network_ops_t& ops, void* context);

  // IFF_UP on and off. EIO and what the driver answers. May sleep; no lock held.
  Status set_up(bool up);
  // Takes the interface away: down, out of all lists. May sleep.
  void remove();
  // A frame to all of the wire, with its Ethernet header. ENETDOWN, ENOBUFS. Core lock held.
  Status send(pbuf* frame);
  // Shows the driver what was sent since the last call. Core lock held.
  void kick();

  // For the driver's calls.
  Result<PageBuffer*> take_buffer();
  void give_back(PageBuffer& buffer);
  void received(PageBuffer& buffer, u32 offset, u32 length);
  void sent(PageBuffer& buffer, bool well);
  void want_poll();
  void set_link(bool up);

  InterfaceCounts counts();
  u32 flags() const;  // core lock

  netif lwip{};
  char name[kInterfaceName] = {};
  driver_handle_t handle = 0;
  std::atomic<const hal_device_t*> hardware = nullptr;  // set right after it was made
  u32 transmit_queue_length = 1000;
  std::atomic<bool> is_promiscuous = false;

 private:
  static err_t prepare(netif* lwip);
  static err_t link_output(netif* lwip, pbuf* frame);
  static void receive_thread(void* self);
  void receive_loop();
  void deliver(lib::List<PageBuffer>& frames);
  void give_waiting();
  static void wrapper_freed(pbuf* buffer);

  const network_info_t info_;
  const network_ops_t ops_;
  void* const context_;

  struct State {
    bool is_up = false;
    lib::List<PageBuffer> arrived;  // during one poll()
  };
  sync::Locked<State, sync::LockClass::NetDevices> state_;
  struct Transmit {
    bool is_open = false;
    bool needs_kick = false;
    lib::List<PageBuffer> waiting;  // the driver had no room
    usize waiting_count = 0;
    InterfaceCounts counts;
  };
  sync::Locked<Transmit, sync::LockClass::NetTransmit> transmit_;
  struct Pool {
    lib::List<PageBuffer> free;
    usize free_count = 0;
    usize in_use = 0;
  };
  sync::Locked<Pool, sync::LockClass::NetBuffers> pool_;
  std::atomic<bool> poll_wanted_ = false;
  std::atomic<bool> is_leaving_ = false;
  std::atomic<bool> has_left_ = false;
  sync::WaitQueue wake_;
};

// The interfaces but loopback, by lwIP's index or by name ("lo" is not among them). Core lock held.
Interface* find_interface(u32 index);
Interface* find_interface(std::string_view name);
Interface* interface_of(driver_handle_t handle);
// lwIP's side of any interface, loopback included; null. Core lock held.
netif* find_netif(std::string_view name);
// Its name into `to` (kInterfaceName bytes); the length.
usize name_of(const netif& interface, std::span<char> to);
// The Interface of one, null for loopback.
Interface* interface_of(const netif& lwip);
u32 flags_of(const netif& interface);
InterfaceCounts counts_of(const netif& interface);
// Core lock held: shows all drivers what was queued for them.
void kick_interfaces();

}  // namespace net
