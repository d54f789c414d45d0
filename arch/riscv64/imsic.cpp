#include "arch/riscv64/imsic.hpp"

#include <algorithm>
#include <atomic>

#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/features.hpp"
#include "arch/riscv64/smp.hpp"
#include "hal/cpu.hpp"
#include "hal/log.h"
#include "hal/smp.hpp"
#include "kernel/lib/spin.hpp"

namespace hal::arch {
namespace {

// AIA 1.0, table 2.2: assemblers do not know the names.
#define CSR_SISELECT "0x150"
#define CSR_SIREG    "0x151"
#define CSR_STOPEI   "0x15c"

// What siselect selects (3.8). Of the arrays a 64-bit hart has the even registers only, each of 64 bits.
constexpr u64 kDelivery = 0x70, kThreshold = 0x72, kPending = 0x80, kEnable = 0xc0;
constexpr u32 kMostIdentities = 2048;
constexpr u32 kSupervisorExternal = 9;

constexpr usize kWords = kIdentities / 64;

struct File {
  std::atomic<u64> taken[kWords] = {};   // changed under `lock`
  std::atomic<u64> wanted[kWords] = {};  // a subset of `taken`
  std::atomic<u64> address = 0;          // 0: not looked up yet
};
constinit File files[kMaxCpus];
constinit lib::RawSpinLock lock;  // held with interrupts off

// Written once by imsic_find().
struct Layout {
  lib::fdt::Node node;
  u32 identities = 0;  // how many a file has, 0 among them
  u32 guest_bits = 0, hart_bits = 0, group_bits = 0, group_shift = 0;
};
constinit Layout layout;

u64 bit_of(u32 identity) { return u64{1} << identity % 64; }

void write_indirect(u64 which, u64 value) {
  WRITE_CSR(CSR_SISELECT, which);
  WRITE_CSR(CSR_SIREG, value);
}
void set_indirect(u64 which, u64 bits) {
  WRITE_CSR(CSR_SISELECT, which);
  SET_CSR(CSR_SIREG, bits);
}
void clear_indirect(u64 which, u64 bits) {
  WRITE_CSR(CSR_SISELECT, which);
  CLEAR_CSR(CSR_SIREG, bits);
}

File& own_file() { return files[current_cpu()->id]; }

// A message to an identity that nobody has is dropped, so that its next owner does not get it.
void copy_to_hart(const File& file) {
  for (usize word = 0; word < kWords && word * 64 < layout.identities; ++word) {
    write_indirect(kEnable + word * 2, file.wanted[word].load(std::memory_order_acquire));
    clear_indirect(kPending + word * 2, ~file.taken[word].load(std::memory_order_acquire));
  }
}

void refresh(u32 cpu) {
  const InterruptGuard guard;
  if (cpu == current_cpu()->id) {
    imsic_synchronize();
  } else {
    send_request(cpu, kSynchronizeFile);
  }
}

bool is_supervisors(const lib::fdt::Tree& tree, lib::fdt::Node node) {
  const auto output = tree.interrupt(node);
  return output && output->cells[0] == kSupervisorExternal;
}

u64 hart_of(const lib::fdt::Tree& tree, lib::fdt::Node cpu_controller) {
  const lib::fdt::Node cpu = tree.parent(cpu_controller);
  return lib::fdt::read_cells(tree.bytes(cpu, "reg"), tree.address_cells(tree.parent(cpu)));
}

u32 bits_for(usize count) {
  u32 bits = 0;
  while (usize{1} << bits < count) ++bits;
  return bits;
}

usize count_outputs(const lib::fdt::Tree& tree, lib::fdt::Node node) {
  usize count = 0;
  while (tree.interrupt(node, count)) ++count;
  return count;
}

u32 small_number(const lib::fdt::Tree& tree, const char* property, u32 otherwise) {
  constexpr u64 kMostBits = 56;
  return static_cast<u32>(std::min(tree.number(layout.node, property).value_or(otherwise), kMostBits));
}

// The files lie in the order of the node's outputs, each at the start of its guests' room, through all regions (Linux
// Documentation/devicetree/bindings/interrupt-controller/riscv,imsics.yaml).
u64 address_of_file(const lib::fdt::Tree& tree, u64 index) {
  const u64 stride = kPageSize << layout.guest_bits;
  for (usize i = 0;; ++i) {
    const auto region = tree.reg(layout.node, i);
    if (!region) return 0;
    const u64 held = region->size / stride + (region->size % stride != 0 ? 1 : 0);
    if (index < held) return region->base + index * stride;
    index -= held;
  }
}

// The boot CPU's lines are given out before the other CPUs have numbers.
u64 look_up_address(u32 cpu) {
  const lib::fdt::Tree tree = device_tree();
  const u64 hart = cpu == 0 ? early_boot.hart : cpu_hardware_id(cpu);
  for (usize i = 0;; ++i) {
    const auto output = tree.interrupt(layout.node, i);
    if (!output) return 0;
    if (hart_of(tree, output->controller) == hart) return address_of_file(tree, i);
  }
}

}  // namespace

bool imsic_find(const lib::fdt::Tree& tree) {
  lib::fdt::Node node = tree.find_compatible("riscv,imsics");
  while (node && !is_supervisors(tree, node)) node = tree.find_compatible("riscv,imsics", node);
  if (!node || !features.ssaia) return false;
  layout.node = node;
  layout.identities =
      static_cast<u32>(std::min<u64>(tree.number(node, "riscv,num-ids").value_or(0), kMostIdentities - 1)) + 1;
  layout.guest_bits = small_number(tree, "riscv,guest-index-bits", 0);
  layout.hart_bits = small_number(tree, "riscv,hart-index-bits", bits_for(count_outputs(tree, node)));
  layout.group_bits = small_number(tree, "riscv,group-index-bits", 0);
  layout.group_shift = small_number(tree, "riscv,group-index-shift", 24);
  constexpr u32 kMostGuestBits = 6;
  if (layout.identities == 1 || layout.guest_bits > kMostGuestBits) return false;
  hal_log(HAL_LOG_INFO, "imsic", "%u identities for each CPU", std::min(layout.identities, kIdentities) - 1);
  return true;
}

lib::fdt::Node imsic_node() { return layout.node; }

void imsic_init_cpu() {
  constexpr u64 kOn = 1, kAll = 0;
  write_indirect(kDelivery, 0);
  for (u32 identity = 0; identity < layout.identities; identity += 64) write_indirect(kEnable + identity / 32, 0);
  // Whoever changes what is wanted either finds this CPU started or has done so before this.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  copy_to_hart(own_file());
  write_indirect(kThreshold, kAll);
  write_indirect(kDelivery, kOn);
}

void imsic_synchronize() { copy_to_hart(own_file()); }

u32 imsic_allocate(u32 cpu) {
  const InterruptGuard guard;
  std::atomic<u64>* taken = files[cpu].taken;
  const u32 end = std::min(layout.identities, kIdentities);
  lock.lock();
  u32 identity = 1;  // 0 is none
  while (identity < end && (taken[identity / 64] & bit_of(identity)) != 0) ++identity;
  if (identity < end) taken[identity / 64] |= bit_of(identity);
  lock.unlock();
  return identity < end ? identity : 0;
}

void imsic_release(u32 cpu, u32 identity) {
  const InterruptGuard guard;
  lock.lock();
  files[cpu].wanted[identity / 64] &= ~bit_of(identity);
  files[cpu].taken[identity / 64] &= ~bit_of(identity);
  lock.unlock();
  refresh(cpu);
}

bool imsic_is_taken(u32 cpu, u32 identity) { return (files[cpu].taken[identity / 64] & bit_of(identity)) != 0; }

PhysAddr imsic_address(u32 cpu) {
  std::atomic<u64>& address = files[cpu].address;
  if (address == 0) address = look_up_address(cpu);
  return {address};
}

void imsic_set_masked(u32 cpu, u32 identity, bool masked) {
  std::atomic<u64>& wanted = files[cpu].wanted[identity / 64];
  if (masked) {
    wanted &= ~bit_of(identity);
  } else {
    wanted |= bit_of(identity);
  }
  refresh(cpu);
}

u32 imsic_claim() {
  for (;;) {
    u64 top;
    asm volatile("csrrw %0, " CSR_STOPEI ", zero" : "=r"(top) : : "memory");  // reads and claims (3.9)
    const u32 identity = static_cast<u32>(top >> 16) & (kMostIdentities - 1);
    if (identity == 0) return 0;
    const bool known = identity < kIdentities;
    if (known && (own_file().wanted[identity / 64] & bit_of(identity)) != 0) return identity;
    // Masked by another CPU just now: it waits as a masked one does.
    imsic_synchronize();
    if (known) set_indirect(kPending + identity / 64 * 2, bit_of(identity));
  }
}

// The group's number above the hart's in the group.
u32 imsic_hart_index(PhysAddr address) {
  const auto field = [&](u32 shift, u32 bits) { return address.value >> shift & ((u64{1} << bits) - 1); };
  const u64 hart = field(kPageShift + layout.guest_bits, layout.hart_bits);
  return static_cast<u32>(hart | field(layout.group_shift, layout.group_bits) << layout.hart_bits);
}

}  // namespace hal::arch
