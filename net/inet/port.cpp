// The functions that lwIP wants of the kernel.

#include <cstring>
#include "hal/cpu.hpp"
#include "hal/timer.hpp"

#include <lwip/opt.h>
#include <lwip/sys.h>
#include <lwip_hooks.h>
#include "kernel/diag/assert.hpp"
#include "kernel/lib/allocate.hpp"
#include "kernel/lib/hash.hpp"
#include "kernel/random/random.hpp"
#include "net/inet/families.hpp"

namespace net::inet {
namespace {

std::atomic<hal::ThreadAnchor*> g_owner = nullptr;

u64 hash_of(const ip_addr_t& address, u64 hash) {
  return lib::fnv1a({reinterpret_cast<const char*>(&address.u_addr), IP_IS_V6_VAL(address) ? 16u : 4u}, hash);
}

}  // namespace

void note_owner(bool owned) { g_owner.store(owned ? hal::current_thread() : nullptr, std::memory_order_relaxed); }

}  // namespace net::inet

using namespace net::inet;

void lwip_port_assert(const char* message, const char* file, int line) {
  diag::panic("TCP/IP: %s (%s:%d)", message, file, line);
}

void lwip_port_assert_locked() {
  if (g_owner.load(std::memory_order_relaxed) != hal::current_thread()) diag::panic("TCP/IP used without its lock");
}

uint32_t lwip_port_random() {
  u32 value = 0;
  entropy::fill(&value, sizeof(value));
  return value;
}

void* lwip_port_allocate(size_t size) { return lib::allocate(size); }
void lwip_port_free(void* memory) { lib::deallocate(memory); }
void* lwip_port_allocate_cleared(size_t count, size_t size) {
  void* memory = lib::allocate(count * size);
  if (memory != nullptr) std::memset(memory, 0, count * size);
  return memory;
}

// Milliseconds; wraps around, which lwIP expects.
u32_t sys_now() { return static_cast<u32>(hal::monotonic_ns() / 1'000'000); }
void sys_init() {}

u32_t lwip_port_initial_sequence(const ip_addr_t* local, u16_t local_port, const ip_addr_t* remote, u16_t remote_port) {
  static u64 secret = 0;
  if (secret == 0) entropy::fill(&secret, sizeof(secret));
  u64 hash = hash_of(*remote, hash_of(*local, lib::kFnvOffset ^ secret));
  hash = lib::mix(hash ^ secret ^ (u64{local_port} << 16 | remote_port));
  return static_cast<u32>(hash + hal::monotonic_ns() / 64);
}
