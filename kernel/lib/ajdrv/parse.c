/* The header and the directory of sections. */
#include <string.h>

#include "kernel/lib/ajdrv/bytes.h"
#include "kernel/lib/ajdrv/format.h"
#include "kernel/lib/ajdrv/sections.h"

bool ajdrv_name_is_sound(const uint8_t* name) {
  size_t length = 0;
  while (length < AJDRV_NAME_SIZE && name[length] != 0) {
    const uint8_t c = name[length++];
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    if (!allowed) return false;
  }
  return length > 0 && length < AJDRV_NAME_SIZE && ajdrv_all_zero(name + length, AJDRV_NAME_SIZE - length);
}

/* What must be right before the rest of the header may be believed. */
static ajdrv_error_t check_envelope(const uint8_t* file, size_t size) {
  if (size < AJDRV_HEADER_SIZE) return AJDRV_E_TRUNC_HEADER;
  if (ajdrv_u32(file + AJDRV_AT_MAGIC) != AJDRV_MAGIC) return AJDRV_E_MAGIC;
  if (ajdrv_u16(file + AJDRV_AT_MAJOR) != AJDRV_MAJOR) return AJDRV_E_FORMAT_MAJOR;
  if (ajdrv_u32(file + AJDRV_AT_HEADER_SIZE) != AJDRV_HEADER_SIZE) return AJDRV_E_HEADER_SIZE;
  const uint64_t total = ajdrv_u64(file + AJDRV_AT_TOTAL_SIZE);
  if (total != size) return AJDRV_E_TOTAL_SIZE;
  if (total > AJDRV_MAX_SIZE) return AJDRV_E_TOO_LARGE;
  const uint64_t covered = ajdrv_u64(file + AJDRV_AT_SIGNED_SIZE);
  if (covered % AJDRV_ALIGNMENT != 0 || covered < AJDRV_HEADER_SIZE || covered > total) return AJDRV_E_SIGNED_SIZE;
  return AJDRV_OK;
}

static ajdrv_error_t check_header(const uint8_t* file) {
  const uint32_t flags = ajdrv_u32(file + AJDRV_AT_FLAGS) & AJDRV_FLAGS_CRITICAL;
  const uint32_t one_place = AJDRV_FLAG_KERNEL_ONLY | AJDRV_FLAG_ISOLATED_ONLY;
  if ((flags & ~(uint32_t)AJDRV_FLAGS_KNOWN) != 0 || (flags & one_place) == one_place) return AJDRV_E_CRITICAL_FLAG;
  if (!ajdrv_all_zero(file + AJDRV_AT_RESERVED, AJDRV_HEADER_SIZE - AJDRV_AT_RESERVED)) return AJDRV_E_RESERVED;
  if (ajdrv_u16(file + AJDRV_AT_ARCH) >= AJDRV_ARCH_COUNT) return AJDRV_E_ARCH;
  if (ajdrv_u16(file + AJDRV_AT_CATEGORY) >= AJDRV_CATEGORY_COUNT) return AJDRV_E_CATEGORY;
  if (!ajdrv_name_is_sound(file + AJDRV_AT_NAME)) return AJDRV_E_NAME;
  const uint32_t count = ajdrv_u32(file + AJDRV_AT_SECTION_COUNT);
  if (count < 1 || count > AJDRV_MAX_SECTIONS) return AJDRV_E_SECTION_COUNT;
  const uint64_t directory_end = AJDRV_HEADER_SIZE + (uint64_t)count * AJDRV_SECTION_SIZE;
  return directory_end <= ajdrv_u64(file + AJDRV_AT_SIGNED_SIZE) ? AJDRV_OK : AJDRV_E_SECTION_BOUNDS;
}

static void read_header(const uint8_t* file, ajdrv_package_t* package) {
  memset(package, 0, sizeof(*package));
  package->file = file;
  package->total_size = ajdrv_u64(file + AJDRV_AT_TOTAL_SIZE);
  package->signed_size = ajdrv_u64(file + AJDRV_AT_SIGNED_SIZE);
  package->flags = ajdrv_u32(file + AJDRV_AT_FLAGS);
  package->caps = ajdrv_u32(file + AJDRV_AT_CAPS);
  package->epoch = ajdrv_u32(file + AJDRV_AT_EPOCH);
  package->min_os = ajdrv_u32(file + AJDRV_AT_MIN_OS);
  package->minor = ajdrv_u16(file + AJDRV_AT_MINOR);
  package->arch = ajdrv_u16(file + AJDRV_AT_ARCH);
  package->category = ajdrv_u16(file + AJDRV_AT_CATEGORY);
  package->abi_major = ajdrv_u16(file + AJDRV_AT_ABI_MAJOR);
  package->abi_minor = ajdrv_u16(file + AJDRV_AT_ABI_MINOR);
  package->version = ajdrv_u64(file + AJDRV_AT_VERSION);
  package->build_time = ajdrv_u64(file + AJDRV_AT_BUILD_TIME);
  package->lineage = file + AJDRV_AT_LINEAGE;
  package->name = (const char*)(file + AJDRV_AT_NAME);
  package->section_count = ajdrv_u32(file + AJDRV_AT_SECTION_COUNT);
}

static void read_section(const uint8_t* entry, ajdrv_section_t* section) {
  section->type = ajdrv_u32(entry);
  section->flags = ajdrv_u32(entry + 4);
  section->offset = ajdrv_u64(entry + 8);
  section->size = ajdrv_u64(entry + 16);
  section->count = ajdrv_u32(entry + 24);
}

static ajdrv_error_t check_section(const ajdrv_package_t* package, uint32_t index, uint64_t expected) {
  const ajdrv_section_t* section = &package->sections[index];
  if ((section->flags & ~(uint32_t)AJDRV_SECTION_IS_CRITICAL) != 0) return AJDRV_E_RESERVED;
  if (index > 0 && section->type == section[-1].type) return AJDRV_E_SECTION_DUP;
  if (index > 0 && section->type < section[-1].type) return AJDRV_E_SECTION_ORDER;
  const bool known = section->type >= AJDRV_SECTION_CODE && section->type <= AJDRV_SECTION_PROV;
  if (!known && (section->flags & AJDRV_SECTION_IS_CRITICAL) != 0) return AJDRV_E_SECTION_CRITICAL;
  if (section->offset != expected) return AJDRV_E_SECTION_GAP;
  if (expected > package->signed_size || section->size > package->signed_size - expected) return AJDRV_E_SECTION_BOUNDS;
  const uint64_t end = expected + section->size;
  return ajdrv_all_zero(package->file + end, ajdrv_align(end) - end) ? AJDRV_OK : AJDRV_E_PADDING;
}

static ajdrv_error_t read_directory(ajdrv_package_t* package) {
  const uint8_t* entry = package->file + AJDRV_HEADER_SIZE;
  /* 128 and 32 are multiples of 16: no padding behind the directory. */
  uint64_t expected = AJDRV_HEADER_SIZE + (uint64_t)package->section_count * AJDRV_SECTION_SIZE;
  for (uint32_t i = 0; i < package->section_count; ++i, entry += AJDRV_SECTION_SIZE) {
    read_section(entry, &package->sections[i]);
    if (ajdrv_u32(entry + 28) != 0) return AJDRV_E_RESERVED;
    const ajdrv_error_t error = check_section(package, i, expected);
    if (error != AJDRV_OK) return error;
    expected = ajdrv_align(expected + package->sections[i].size);
  }
  return expected == package->signed_size ? AJDRV_OK : AJDRV_E_SECTION_GAP;
}

const ajdrv_section_t* ajdrv_section(const ajdrv_package_t* package, uint32_t type) {
  for (uint32_t i = 0; i < package->section_count; ++i) {
    if (package->sections[i].type == type) return &package->sections[i];
  }
  return NULL;
}

ajdrv_error_t ajdrv_parse(const void* bytes, size_t size, ajdrv_package_t* package) {
  const uint8_t* file = bytes;
  ajdrv_package_t read;
  ajdrv_error_t error = check_envelope(file, size);
  if (error == AJDRV_OK) error = check_header(file);
  if (error != AJDRV_OK) return error;
  read_header(file, &read);
  error = read_directory(&read);
  if (error == AJDRV_OK) error = ajdrv_check_contents(&read);
  if (error == AJDRV_OK)
    error = ajdrv_check_signature_block(file + read.signed_size, size - read.signed_size, &read.signature_count);
  if (error == AJDRV_OK) *package = read;
  return error;
}
