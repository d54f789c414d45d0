// The kernel as a program that UEFI firmware, or GRUB by it, starts.
#include "arch/aarch64/cache.hpp"
#include "kernel/lib/acpi/pieces.hpp"
#include "kernel/lib/efi/handover.hpp"

namespace hal::arch {
namespace {

extern "C" {
extern const u8 __kernel_start[], __data_end[], __kernel_end[];
void hal_aarch64_efi_enter(u64 device_tree, u64 kernel);  // does not return
}

u64 address_of(const void* symbol) { return reinterpret_cast<u64>(symbol); }

lib::acpi::Bytes reach(void* handover, PhysAddr address, usize size) {
  if (!lib::efi::covers(static_cast<const lib::efi::Handover*>(handover)->memory_map, address.value, size)) return {};
  return {reinterpret_cast<const u8*>(address.value), size};
}

// The kernel reads all this with caches off.
void clean_what_is_handed_over(lib::efi::Handover& result) {
  clean_to_memory(reinterpret_cast<const void*>(result.device_tree), result.device_tree_size);
  clean_to_memory(result.memory_map.bytes.data(), result.memory_map.bytes.size());
  lib::acpi::for_each_piece({result.acpi_rsdp}, {reach, &result},
                            [](u64 base, u64 size) { clean_to_memory(reinterpret_cast<const void*>(base), size); });
}

}  // namespace

// Where the firmware put the image, with its MMU and caches on. Returns only before boot services have ended.
extern "C" lib::efi::Status hal_aarch64_efi_main(lib::efi::Handle image, lib::efi::SystemTable& system) {
  constexpr lib::efi::Status kLoadError = lib::efi::kError | 1;
  const u64 start = address_of(__kernel_start);
  const usize file_size = address_of(__data_end) - start, memory_size = address_of(__kernel_end) - start;
  lib::efi::Handover result = lib::efi::hand_over(image, system, {__kernel_start, file_size, memory_size});
  if (result.kernel == 0) return kLoadError;
  clean_to_memory(reinterpret_cast<const void*>(result.kernel), memory_size);
  clean_what_is_handed_over(result);
  const u64 enter = result.kernel + (reinterpret_cast<u64>(&hal_aarch64_efi_enter) - start);
  reinterpret_cast<decltype(&hal_aarch64_efi_enter)>(enter)(result.device_tree, result.kernel);
  __builtin_unreachable();
}

}  // namespace hal::arch
