// A loaded driver package, and the list of them.
//
// The registry owns every package; its lock (LockClass::Packages) is held throughout a load and an unload, and while
// the list is read. A package keeps its verified file, sealed read-only: its name, match records and, for version 1
// drivers, the code that is mapped once for each device, are read from there and nowhere else.
#pragma once

#include "kernel/device/driver.hpp"
#include "kernel/device/package/image.hpp"
#include "kernel/lib/ajdrv/signature.h"
#include "kernel/sync/locked.hpp"

namespace device {

struct Package : lib::ListNode {
  Pages file;
  ajdrv_package_t header{};
  ajdrv_elf_t code{};
  ajdrv_place_t place = AJDRV_PLACE_KERNEL;
  Limits limits;
  Image image;            // version 2: the one mapping
  driver_ops_v2_t ops{};  // the driver's, copied and checked; or the shell around version 1
  Driver driver;
};

struct PackageList {
  lib::List<Package> list;

  Package* find(std::string_view name);
  Package* find_lineage(const u8* lineage);
};
using PackageRegistry = sync::Locked<PackageList, sync::LockClass::Packages>;
PackageRegistry& packages();

// How many devices have this driver. Under the registry's lock.
u32 count_bound(const Driver& driver);

// Version 2: maps the code once, asks it for its operations and checks them. AJDRV_E_NOMEM, _ENTRY_NULL, _OPS_INVALID.
ajdrv_error_t prepare_version2(Package& package);
// Version 1: the shell that maps the code for each device. The same errors.
ajdrv_error_t prepare_version1(Package& package);

}  // namespace device
