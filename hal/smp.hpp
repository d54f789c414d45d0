// Several CPUs: starting them, and telling one something from another.
#pragma once

#include "hal/anchor.hpp"
#include "kernel/lib/numa.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"

namespace hal {

// More CPUs than this are left alone, with a line on the log.
inline constexpr u32 kMaxCpus = 256;
static_assert(kMaxCpus == lib::NumaTopology::kMaxCpus);

class CpuMask {
 public:
  void set(u32 cpu) { word(cpu).fetch_or(bit(cpu), std::memory_order_seq_cst); }
  void clear(u32 cpu) { word(cpu).fetch_and(~bit(cpu), std::memory_order_seq_cst); }
  bool test(u32 cpu) const { return (words_[cpu / 64].load(std::memory_order_seq_cst) & bit(cpu)) != 0; }
  u64 raw(usize index) const { return words_[index].load(std::memory_order_seq_cst); }
  void set_raw(usize index, u64 bits) { words_[index].fetch_or(bits, std::memory_order_seq_cst); }
  static constexpr usize kWords = kMaxCpus / 64;

 private:
  static u64 bit(u32 cpu) { return u64{1} << (cpu % 64); }
  std::atomic<u64>& word(u32 cpu) { return words_[cpu / 64]; }
  std::atomic<u64> words_[kWords] = {};
};

// Some CPUs as they were found at one moment. Nobody changes it behind one's back.
struct CpuSet {
  u64 words[CpuMask::kWords] = {};
  u64 raw(usize index) const { return words[index]; }
};

enum class Ipi : u32 {
  Reschedule = 0,  // on_ipi() makes the scheduler look
  Call = 1,        // on_ipi() executes the functions queued for this CPU
  Stop = 2,        // on_ipi() does not return: panic or power-off
};

// Starts CPU `cpu` (1 .. hal_cpu_count()-1) on the given anchors, whose thread's kernel stack it uses: it initializes
// itself (hal_cpu_init, the interrupt controller's local part, hal_timer_init) and calls kernel::secondary_main() with
// interrupts off. Returns when the request is made, ETIMEDOUT or EIO when the machine refused. Boot CPU.
Status start_cpu(u32 cpu, CpuAnchor* cpu_anchor, ThreadAnchor* idle_thread);

// What the machine's tables call CPU `cpu`: APIC id, MPIDR affinity, hart id. After hal_smp_init().
u64 cpu_hardware_id(u32 cpu);

// What the vDSO's getcpu() says on the calling CPU, where the architecture has a way to tell programs: x86-64. Before
// any program runs there.
void show_programs_cpu(u32 cpu, u32 node);

// Delivers on_ipi(kind) on `cpu` soon. Any context. Several sent in a row may be delivered as one.
void send_ipi(u32 cpu, Ipi kind);

}  // namespace hal
