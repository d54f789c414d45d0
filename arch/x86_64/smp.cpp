// The other CPUs: finding, starting and interrupting them.
#include "hal/smp.hpp"

#include <cstring>
#include <new>

#include "arch/x86_64/acpi.hpp"
#include "arch/x86_64/boot.hpp"
#include "arch/x86_64/cpu.hpp"
#include "arch/x86_64/idt.hpp"
#include "arch/x86_64/instructions.hpp"
#include "arch/x86_64/lapic.hpp"
#include "arch/x86_64/shootdown.hpp"
#include "arch/x86_64/smp.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/page_table.hpp"
#include "hal/smp.h"
#include "hal/timer.h"
#include "hal/tlb.hpp"
#include "hal/upcalls.hpp"

extern "C" {
extern const u8 hal_x86_trampoline_start[], hal_x86_trampoline_end[], hal_x86_trampoline_block[];
}

namespace hal::arch {
namespace {

// The end of smp_trampoline.S.
struct [[gnu::packed]] TrampolineBlock {
  u32 far32;
  u16 far32_selector, padding0;
  u32 far64;
  u16 far64_selector, padding1;
  u16 padding2;
  u16 gdt_limit;
  u32 gdt;
  u32 root, cr4;
  u64 stack;
  u64 entry;
};
static_assert(sizeof(TrampolineBlock) == 48 && offsetof(TrampolineBlock, root) == 24);

// Numbers and APIC ids of the CPUs that may run; the boot CPU is 0. Constant after hal_smp_init().
constinit u32 apic_ids[kMaxCpus] = {};
constinit u32 cpu_count = 1;
constinit PhysAddr trampoline_page;
constinit std::atomic<bool> alive = false;

// Any page of RAM below 1 MiB: the boot code keeps them all for this. Not the first ones, which firmware likes to use
// even where it does not say so.
PhysAddr find_trampoline_page() {
  constexpr u64 kFirst = 0x8000, kEnd = 0xa'0000;
  for (u64 page = kFirst; page < kEnd; page += kPageSize) {
    if (early_boot.info.memory.ram().contains(page)) return {page};
  }
  return {};
}

void add_cpu(const lib::acpi::LocalApic& found, u32 boot_apic_id, u32& left_out) {
  if (!found.enabled || found.apic_id == boot_apic_id) return;
  for (u32 cpu = 0; cpu < cpu_count; ++cpu) {
    if (apic_ids[cpu] == found.apic_id) return;  // listed twice: as APIC and as x2APIC
  }
  if (cpu_count == kMaxCpus) {
    ++left_out;
    return;
  }
  apic_ids[cpu_count++] = found.apic_id;
}

// The top-level entries of the kernel half, as they are now: the trampoline's stack is there.
void refresh_boot_root() {
  const u64* root = phys_to<u64>(kernel_root());
  u64* boot_root = phys_to<u64>({early_boot.boot_root});
  for (usize i = kTableEntries / 2; i < kTableEntries; ++i) boot_root[i] = root[i];
}

extern "C" [[noreturn]] void hal_x86_secondary_main() {
  write_cr3(kernel_root().value);
  static_cast<void>(hal_cpu_init());
  lapic_init_cpu();
  // Others have sent their shoot-downs since hal_cpu_init() made us known, though no interrupt could reach us until
  // now; what was changed before that may have been cached on the way here.
  serve_shootdowns();
  tlb_flush_local(kDirectMapBase, ~VirtAddr{0});
  static_cast<void>(hal_timer_init());
  alive.store(true, std::memory_order_release);
  kernel::secondary_main();
}

void fill_trampoline(const ThreadAnchor& thread) {
  u8* page = phys_to<u8>(trampoline_page);
  const usize size = static_cast<usize>(hal_x86_trampoline_end - hal_x86_trampoline_start);
  std::memcpy(page, hal_x86_trampoline_start, size);
  TrampolineBlock block;
  u8* place = page + (hal_x86_trampoline_block - hal_x86_trampoline_start);
  std::memcpy(&block, place, sizeof(block));
  const u32 base = static_cast<u32>(trampoline_page.value);
  block.far32 += base;
  block.far64 += base;
  block.gdt += base;
  block.root = static_cast<u32>(early_boot.boot_root);
  block.cr4 = static_cast<u32>(hal_x86_boot_cr4);
  block.stack = thread.kernel_stack_top;
  block.entry = reinterpret_cast<u64>(hal_x86_secondary_main);
  std::memcpy(place, &block, sizeof(block));
}

bool wait_alive(u64 microseconds) {
  const u64 end = hal_timer_ns() + microseconds * 1000;
  while (!alive.load(std::memory_order_acquire)) {
    if (hal_timer_ns() > end) return false;
    relax();
  }
  return true;
}

// INIT, then twice SIPI with the number of the page (Intel SDM vol. 3A 9.4.4.1). The waits of the manual's example are
// for CPUs with an external APIC; later ones need none after INIT. The second SIPI is ignored by a CPU that already
// runs.
bool start(u32 apic_id) {
  constexpr u64 kAfterInit = 10, kAfterFirst = 300, kAtMost = 2'000'000;
  const u8 page = static_cast<u8>(trampoline_page.value >> kPageShift);
  lapic_send_init(apic_id);
  hal_timer_delay_us(kAfterInit);
  lapic_send_startup(apic_id, page);
  if (wait_alive(kAfterFirst)) return true;
  lapic_send_startup(apic_id, page);
  return wait_alive(kAtMost);
}

// An ordinary interrupt lets the CPU leave what it is in; one that does not listen gets an NMI.
void send_stop(CpuLocal& target) {
  constexpr u64 kPatience = 10'000;
  target.stop_requested.store(true, std::memory_order_release);
  lapic_send_vector(target.apic_id, kVectorStop);
  const u64 end = hal_timer_ns() + kPatience * 1000;
  while (hal_timer_ns() < end) {
    if (target.stop_seen.load(std::memory_order_acquire)) return;
    relax();
  }
  lapic_send_nmi(target.apic_id);
}

}  // namespace

u32 apic_id_of(u32 cpu) { return apic_ids[cpu]; }
}  // namespace hal::arch

namespace hal {

Status start_cpu(u32 cpu, CpuAnchor* cpu_anchor, ThreadAnchor* idle_thread) {
  using namespace arch;
  if (cpu == 0 || cpu >= cpu_count) return Err(Errno::EINVAL);
  if (trampoline_page.value == 0 || !lapic_ready()) return Err(Errno::EIO);
  void* memory = hal_alloc(sizeof(CpuLocal), 64);
  if (memory == nullptr) return Err(Errno::ENOMEM);
  cpu_anchor->id = cpu;
  starting_cpu = {new (memory) CpuLocal, cpu_anchor, idle_thread};
  alive.store(false, std::memory_order_relaxed);
  fill_trampoline(*idle_thread);
  // A CPU that is late may still come and use its block, so that it is not freed.
  if (!start(apic_ids[cpu])) return Err(Errno::ETIMEDOUT);
  return {};
}

u64 cpu_hardware_id(u32 cpu) { return arch::apic_ids[cpu]; }

void send_ipi(u32 cpu, Ipi kind) {
  using namespace arch;
  CpuLocal* target = cpu_locals[cpu];
  if (target == nullptr) return;
  switch (kind) {
    case Ipi::Reschedule: return lapic_send_vector(target->apic_id, kVectorReschedule);
    case Ipi::Call: return lapic_send_vector(target->apic_id, kVectorCall);
    case Ipi::Stop: return send_stop(*target);
  }
}

}  // namespace hal

extern "C" {

hal_status_t hal_smp_init(void) {
  using namespace hal::arch;
  const u32 boot_apic_id = cpu_local().apic_id;
  apic_ids[0] = boot_apic_id;
  u32 left_out = 0;
  lib::acpi::for_each_local_apic(acpi_tables().find(lib::acpi::signature("APIC")),
                                 [&](const lib::acpi::LocalApic& found) { add_cpu(found, boot_apic_id, left_out); });
  if (left_out != 0)
    hal_log(HAL_LOG_WARNING, "smp", "%u CPUs above the limit of %u are not used", left_out, hal::kMaxCpus);
  trampoline_page = find_trampoline_page();
  if (cpu_count > 1 && trampoline_page.value == 0) {
    hal_log(HAL_LOG_WARNING, "smp", "no memory below 1 MiB to start CPUs from");
    return HAL_NO_MEMORY;
  }
  refresh_boot_root();
  return HAL_OK;
}

uint32_t hal_cpu_count(void) { return hal::arch::cpu_count; }

}  // extern "C"
