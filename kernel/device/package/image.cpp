#include "kernel/device/package/image.hpp"

#include <cstring>

// Made from kernel/device/hal_abi_2.syms.
struct DriverImport {
  const char* name;
  const void* address;
};
extern "C" const DriverImport driver_imports[];
extern "C" const usize driver_import_count;

namespace device {
namespace {

hal::PageFlags rights_of(u32 flags) {
  hal::PageFlags rights = hal::PageFlags::Read;
  if ((flags & AJDRV_ELF_WRITE) != 0) rights |= hal::PageFlags::Write;
  if ((flags & AJDRV_ELF_EXECUTE) != 0) rights |= hal::PageFlags::Exec;
  return rights;
}

}  // namespace

bool resolve_import(void* /*context*/, const char* name, u64* address) {
  // The table is sorted by name.
  usize first = 0, end = driver_import_count;
  while (first < end) {
    const usize middle = first + (end - first) / 2;
    const int order = std::strcmp(driver_imports[middle].name, name);
    if (order == 0) {
      *address = reinterpret_cast<VirtAddr>(driver_imports[middle].address);
      return true;
    }
    if (order < 0) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  return false;
}

Result<Image> Image::load(const ajdrv_elf_t& elf) {
  Image image;
  image.elf_ = elf;
  image.pages_ = TRY(Pages::create(elf.image_size));
  ajdrv_elf_copy(&elf, image.pages_.data());
  ajdrv_elf_relocate(&elf, image.pages_.data(), image.pages_.base(), resolve_import, nullptr);
  image.elf_.file = nullptr;
  TRY(image.seal());
  return image;
}

Status Image::seal() {
  usize done = 0;
  for (u32 i = 0; i < elf_.segment_count; ++i) {
    const ajdrv_segment_t& segment = elf_.segments[i];
    const usize start = align_down(segment.address, kPageSize);
    const usize end = align_up(segment.address + segment.memory_size, kPageSize);
    TRY(pages_.seal(done, start - done, hal::PageFlags::None));
    TRY(pages_.seal(start, end - start, rights_of(segment.flags)));
    done = end;
  }
  TRY(pages_.seal(done, pages_.size() - done, hal::PageFlags::None));
  if (elf_.relro_end <= elf_.relro_start) return {};
  return pages_.seal(elf_.relro_start, elf_.relro_end - elf_.relro_start, hal::PageFlags::Read);
}

bool Image::has_code(const void* address) const {
  return ajdrv_elf_lies_in(&elf_, reinterpret_cast<VirtAddr>(address) - base(), 1, AJDRV_ELF_EXECUTE);
}

bool Image::has_data(const void* address, usize size) const {
  return ajdrv_elf_lies_in(&elf_, reinterpret_cast<VirtAddr>(address) - base(), size, AJDRV_ELF_READ);
}

}  // namespace device
