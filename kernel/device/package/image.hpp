// The code of a driver, loaded: copied, relocated against the driver interface, each segment with its own rights.
//
// Sole owner of its memory; nobody may be executing it when it goes. What is in hal_abi_2.syms is all that it can call.
#pragma once

#include <span>

#include "kernel/device/package/pages.hpp"
#include "kernel/lib/ajdrv/elf.h"

namespace device {

// Looks a symbol up among those that drivers may import (ajdrv_resolve_t; the context is not used).
bool resolve_import(void* context, const char* name, u64* address);

class Image {
 public:
  // Loads what ajdrv_elf_check() accepted; the file that `elf` points into may go afterwards. ENOMEM. May sleep.
  static Result<Image> load(const ajdrv_elf_t& elf);

  VirtAddr entry() const { return pages_.base() + elf_.entry; }
  // True if the function or the object lies in the image's code, or in anything readable of it.
  bool has_code(const void* address) const;
  bool has_data(const void* address, usize size) const;
  VirtAddr base() const { return pages_.base(); }
  usize size() const { return pages_.size(); }

 private:
  Status seal();

  Pages pages_;
  ajdrv_elf_t elf_{};
};

}  // namespace device
