/*
 * The driver package `.ajdrv`, format 2: what is where, and the reader of its structure.
 *
 * A package is a header, a directory of sections, the sections, and behind them the signatures. All numbers are
 * little-endian. Every offset follows from what stands before it and is merely repeated, so that nothing can overlap
 * and one meaning has one spelling. The reader allocates nothing, keeps pointers into the caller's bytes, and trusts
 * none of them; the bytes must not change between parsing and use. A parsed package is well formed; whether it may be
 * trusted is said by signature.h, policy.h and elf.h, in this order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/lib/ajdrv/error.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  AJDRV_MAGIC = 0x56444A41,           /* "AJDV" */
  AJDRV_SIGNATURE_MAGIC = 0x47534A41, /* "AJSG" */
  AJDRV_MAJOR = 2,
  AJDRV_HEADER_SIZE = 128,
  AJDRV_SECTION_SIZE = 32,
  AJDRV_MATCH_SIZE = 32,
  AJDRV_DEPENDENCY_SIZE = 64,
  AJDRV_ALIGNMENT = 16,
  AJDRV_MAX_SIZE = 16 << 20,
  AJDRV_MAX_SECTIONS = 16,
  AJDRV_MAX_MATCHES = 256,
  AJDRV_MAX_DEPENDENCIES = 16,
  AJDRV_MAX_SIGNATURES = 8,
  AJDRV_SIGNATURE_HEADER_SIZE = 16,
  AJDRV_SIGNATURE_SIZE = 112,
  AJDRV_NAME_SIZE = 32,
  AJDRV_LINEAGE_SIZE = 16,
  AJDRV_KEY_SIZE = 32,
  AJDRV_HASH_SIZE = 32,
};

/* Offsets in the header. */
enum {
  AJDRV_AT_MAGIC = 0x00,
  AJDRV_AT_MAJOR = 0x04,
  AJDRV_AT_MINOR = 0x06,
  AJDRV_AT_HEADER_SIZE = 0x08,
  AJDRV_AT_FLAGS = 0x0c,
  AJDRV_AT_TOTAL_SIZE = 0x10,
  AJDRV_AT_SIGNED_SIZE = 0x18,
  AJDRV_AT_ARCH = 0x20,
  AJDRV_AT_CATEGORY = 0x22,
  AJDRV_AT_ABI_MAJOR = 0x24,
  AJDRV_AT_ABI_MINOR = 0x26,
  AJDRV_AT_CAPS = 0x28,
  AJDRV_AT_SECTION_COUNT = 0x2c,
  AJDRV_AT_VERSION = 0x30,
  AJDRV_AT_EPOCH = 0x38,
  AJDRV_AT_MIN_OS = 0x3c,
  AJDRV_AT_LINEAGE = 0x40,
  AJDRV_AT_NAME = 0x50,
  AJDRV_AT_BUILD_TIME = 0x70,
  AJDRV_AT_RESERVED = 0x78,
};

enum {
  AJDRV_FLAG_ESSENTIAL = 1,
  AJDRV_FLAG_OPTIONAL = 2,
  AJDRV_FLAG_BETA = 4,
  AJDRV_FLAG_KERNEL_ONLY = 8,
  AJDRV_FLAG_ISOLATED_ONLY = 16,
  AJDRV_FLAGS_KNOWN = 31,
  AJDRV_FLAGS_CRITICAL = 0xffff, /* those that must be understood */
};

enum { AJDRV_ARCH_X86_64 = 0, AJDRV_ARCH_AARCH64 = 1, AJDRV_ARCH_RISCV64 = 2, AJDRV_ARCH_COUNT = 3 };
enum { AJDRV_CATEGORY_COUNT = 7 }; /* driver_category_t in kernel/driver_loader.h */

/* What a driver asks to use (hal_caps). */
enum {
  AJDRV_CAP_MMIO = 1,
  AJDRV_CAP_PIO = 2,
  AJDRV_CAP_DMA = 4,
  AJDRV_CAP_IRQ = 8,
  AJDRV_CAP_MSI = 16,
  AJDRV_CAP_TIMER = 32,
  AJDRV_CAP_BUSCFG = 64,
  AJDRV_CAP_BUSMASTER = 128,
  AJDRV_CAPS_KNOWN = 255,
};

enum {
  AJDRV_SECTION_CODE = 1,
  AJDRV_SECTION_MATCH = 2,
  AJDRV_SECTION_META = 3,
  AJDRV_SECTION_DEPS = 4,
  AJDRV_SECTION_STR = 5,
  AJDRV_SECTION_PROV = 6,
};
enum { AJDRV_SECTION_IS_CRITICAL = 1 };

typedef struct {
  uint32_t type, flags;
  uint64_t offset, size;
  uint32_t count; /* records of MATCH and DEPS, pairs of META, else 1 */
} ajdrv_section_t;

typedef struct {
  const uint8_t* file;
  uint64_t total_size, signed_size;
  uint32_t flags, caps, epoch, min_os;
  uint16_t minor, arch, category, abi_major, abi_minor;
  uint64_t version, build_time;
  const uint8_t* lineage; /* AJDRV_LINEAGE_SIZE bytes */
  const char* name;       /* ends with NUL */
  uint32_t section_count, signature_count;
  ajdrv_section_t sections[AJDRV_MAX_SECTIONS];
} ajdrv_package_t;

/* Reads the structure of all of the file: errors 1 to 28 and 30 to 34. `package` is set on AJDRV_OK alone. */
ajdrv_error_t ajdrv_parse(const void* file, size_t size, ajdrv_package_t* package);

/* The section of that type, or NULL. */
const ajdrv_section_t* ajdrv_section(const ajdrv_package_t* package, uint32_t type);
static inline const uint8_t* ajdrv_contents(const ajdrv_package_t* package, const ajdrv_section_t* section) {
  return package->file + section->offset;
}

/* The value of a key of META, or NULL; ends with NUL. */
const char* ajdrv_meta(const ajdrv_package_t* package, const char* key);

typedef struct {
  const uint8_t* lineage;
  const char* name;
  uint64_t min_version;
  uint32_t flags; /* 1: it must be installed; 0: it merely goes well with it */
} ajdrv_dependency_t;
/* Dependency number `index`, which is below the section's count. */
ajdrv_dependency_t ajdrv_dependency(const ajdrv_package_t* package, uint32_t index);

static inline uint64_t ajdrv_align(uint64_t value) {
  return (value + AJDRV_ALIGNMENT - 1) & ~(uint64_t)(AJDRV_ALIGNMENT - 1);
}
/* a-z 0-9 _ . - in 1 to 31 characters, then NULs to 32. */
bool ajdrv_name_is_sound(const uint8_t* name);
/* The syntax of an SPDX licence expression; the identifiers themselves are not looked up. */
bool ajdrv_license_is_sound(const char* text);

#ifdef __cplusplus
}
#endif
