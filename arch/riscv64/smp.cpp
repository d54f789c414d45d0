// The other CPUs: finding, starting and interrupting them.
#include "arch/riscv64/smp.hpp"

#include <new>

#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/irq.hpp"
#include "arch_impl/pte.hpp"
#include "hal/cpu.h"
#include "hal/layout.hpp"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/smp.h"
#include "hal/timer.h"
#include "hal/tlb.hpp"
#include "hal/upcalls.hpp"

extern "C" void hal_riscv_secondary_entry();

namespace hal::arch {
namespace {

// Hart ids by logical number; the boot CPU is 0. Constant after hal_smp_init().
constinit u64 harts[kMaxCpus] = {};
constinit u32 cpu_count = 1;
constinit std::atomic<bool> alive = false;

// What boot.S reads with paging off.
struct SecondaryStart {
  u64 satp, entry, stack, thread;
};
constinit SecondaryStart secondary_start;

u64 physical(u64 in_image) { return in_image - early_boot.offset; }

extern "C" [[noreturn]] void hal_riscv_secondary_main() {
  activate_kernel_root();
  static_cast<void>(hal_cpu_init());
  if (!asids_fit()) halt_forever();
  irq_init_cpu();
  // Flushes that were sent before we were known as running have passed us by.
  flush_everything();
  static_cast<void>(hal_timer_init());
  alive.store(true, std::memory_order_release);
  kernel::secondary_main();
}

bool wait_alive() {
  constexpr u64 kPatience = 2'000'000'000;
  const u64 end = hal_timer_ns() + kPatience;
  while (!alive.load(std::memory_order_acquire)) {
    if (hal_timer_ns() > end) return false;
    relax();
  }
  return true;
}

CpuLocal* make_local(u64 hart) {
  // Wherever it starts, this much memory has a whole stack at a multiple of twice a stack's size.
  constexpr usize kEmergencyMemory = 3 * kKernelStackSize;
  void* memory = hal_alloc(sizeof(CpuLocal), 64);
  void* stack = hal_alloc(kEmergencyMemory, kPageSize);
  if (memory == nullptr || stack == nullptr) {
    hal_free(memory);
    hal_free(stack);
    return nullptr;
  }
  CpuLocal* local = new (memory) CpuLocal;
  local->hart = hart;
  local->emergency_stack = align_up(reinterpret_cast<VirtAddr>(stack), 2 * kKernelStackSize) + kKernelStackSize;
  return local;
}

}  // namespace

void send_request(u32 cpu, u32 bits) {
  CpuLocal* target = cpu_locals[cpu].load(std::memory_order_acquire);
  if (target == nullptr) return;
  // Whoever sets the first bit must not be held up before it has interrupted the target: others rely on it.
  const InterruptGuard guard;
  const u32 before = target->pending_ipis.fetch_or(bits, std::memory_order_acq_rel);
  if (before != 0 && bits != bit_of(Ipi::Stop)) return;
  sbi_send_ipi({u64{1} << (target->hart % 64), align_down(target->hart, 64)});
}

}  // namespace hal::arch

namespace hal {

Status start_cpu(u32 cpu, CpuAnchor* cpu_anchor, ThreadAnchor* idle_thread) {
  using namespace arch;
  if (cpu == 0 || cpu >= cpu_count) return Err(Errno::EINVAL);
  CpuLocal* local = make_local(harts[cpu]);
  if (local == nullptr) return Err(Errno::ENOMEM);
  cpu_anchor->id = cpu;
  starting_cpu = {local, cpu_anchor, idle_thread};
  alive.store(false, std::memory_order_relaxed);
  secondary_start = {early_boot.boot_satp, reinterpret_cast<u64>(hal_riscv_secondary_main),
                     idle_thread->kernel_stack_top, reinterpret_cast<u64>(idle_thread)};
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const SbiResult result = sbi_start_hart(harts[cpu], physical(reinterpret_cast<u64>(hal_riscv_secondary_entry)),
                                          physical(reinterpret_cast<u64>(&secondary_start)));
  if (result.error != 0) {
    hal_log(HAL_LOG_WARNING, "smp", "hart %lu does not start: SBI error %ld", harts[cpu], result.error);
    return Err(Errno::EIO);
  }
  // A CPU that is late may still come and use its block, so that it is not freed.
  if (!wait_alive()) return Err(Errno::ETIMEDOUT);
  return {};
}

// The vDSO's getcpu() is a system call here, as on Linux.
void show_programs_cpu(u32, u32) {}

u64 cpu_hardware_id(u32 cpu) { return arch::harts[cpu]; }

void send_ipi(u32 cpu, Ipi kind) { arch::send_request(cpu, arch::bit_of(kind)); }

}  // namespace hal

extern "C" {

hal_status_t hal_smp_init(void) {
  using namespace hal::arch;
  harts[0] = early_boot.hart;
  u32 left_out = 0;
  device_tree().for_each_cpu([&](lib::fdt::Node, u64 hart) {
    if (hart == early_boot.hart) return;
    if (cpu_count == hal::kMaxCpus) {
      ++left_out;
    } else {
      harts[cpu_count++] = hart;
    }
  });
  if (left_out != 0) {
    hal_log(HAL_LOG_WARNING, "smp", "%u CPUs above the limit of %u are not used", left_out, hal::kMaxCpus);
  }
  if (!sbi_has(SbiExtension::Hart) && cpu_count > 1) {
    hal_log(HAL_LOG_WARNING, "smp", "the firmware cannot start the other %u CPUs", cpu_count - 1);
    cpu_count = 1;
  }
  refresh_boot_root();
  start_asids(cpu_count);
  return HAL_OK;
}

uint32_t hal_cpu_count(void) { return hal::arch::cpu_count; }

}  // extern "C"
