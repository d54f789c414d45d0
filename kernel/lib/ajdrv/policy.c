#include "kernel/lib/ajdrv/policy.h"

static ajdrv_error_t check_age(const ajdrv_package_t* package, const ajdrv_bundle_t* bundle, ajdrv_floor_t seen) {
  const ajdrv_floor_t floor = ajdrv_bundle_floor(bundle, package->lineage);
  if (package->epoch < floor.epoch || package->epoch < seen.epoch) return AJDRV_E_EPOCH_ROLLBACK;
  if (package->version < floor.version || package->version < seen.version) return AJDRV_E_VERSION_ROLLBACK;
  return AJDRV_OK;
}

static ajdrv_error_t check_host(const ajdrv_package_t* package, const ajdrv_host_t* host) {
  if (package->arch != host->arch) return AJDRV_E_ARCH_MISMATCH;
  if (package->abi_major < 1 || package->abi_major > 2) return AJDRV_E_ABI_MAJOR;
  if (package->abi_minor > host->abi_minor[package->abi_major]) return AJDRV_E_ABI_MINOR;
  if (package->min_os > host->os_version) return AJDRV_E_OS_TOO_OLD;
  return AJDRV_OK;
}

static ajdrv_error_t check_place(const ajdrv_package_t* package, const ajdrv_policy_t* policy, const ajdrv_host_t* host,
                                 ajdrv_place_t place) {
  if ((policy->places >> place & 1) == 0) return AJDRV_E_PLACEMENT;
  if (place == AJDRV_PLACE_KERNEL) {
    return (package->flags & AJDRV_FLAG_ISOLATED_ONLY) != 0 ? AJDRV_E_PLACEMENT : AJDRV_OK;
  }
  return !host->has_isolated_hosts || (package->flags & AJDRV_FLAG_KERNEL_ONLY) != 0 ? AJDRV_E_PLACEMENT : AJDRV_OK;
}

ajdrv_error_t ajdrv_policy_check(const ajdrv_package_t* package, const ajdrv_bundle_t* bundle, const ajdrv_host_t* host,
                                 ajdrv_place_t place, ajdrv_floor_t seen) {
  ajdrv_error_t error = check_age(package, bundle, seen);
  if (error == AJDRV_OK) error = check_host(package, host);
  if (error != AJDRV_OK) return error;
  const ajdrv_policy_t policy = ajdrv_bundle_policy(bundle, package->category);
  if ((package->caps & ~policy.caps) != 0) return AJDRV_E_CAPS_DENIED;
  return check_place(package, &policy, host, place);
}
