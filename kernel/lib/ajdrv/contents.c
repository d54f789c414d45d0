/* What is in the sections, as far as it can be judged without running or trusting it. */
#include <string.h>

#include "kernel/lib/ajdrv/bytes.h"
#include "kernel/lib/ajdrv/match.h"
#include "kernel/lib/ajdrv/sections.h"

static ajdrv_error_t check_matches(const ajdrv_package_t* package, const ajdrv_section_t* matches) {
  const uint32_t count = matches->count;
  if (count < 1 || count > AJDRV_MAX_MATCHES || matches->size != (uint64_t)count * AJDRV_MATCH_SIZE)
    return AJDRV_E_MATCH_COUNT;
  const ajdrv_section_t* text = ajdrv_section(package, AJDRV_SECTION_STR);
  const uint8_t* strings = text == NULL ? NULL : ajdrv_contents(package, text);
  const uint8_t* record = ajdrv_contents(package, matches);
  for (uint32_t i = 0; i < count; ++i, record += AJDRV_MATCH_SIZE) {
    const ajdrv_error_t error = ajdrv_match_check(record, strings, text == NULL ? 0 : text->size);
    if (error != AJDRV_OK) return error;
  }
  return AJDRV_OK;
}

/* Offsets in a dependency record. */
enum { kName = 16, kMinVersion = 48, kFlags = 56, kZero = 60 };

static ajdrv_error_t check_dependencies(const ajdrv_package_t* package, const ajdrv_section_t* section) {
  const uint32_t count = section->count;
  if (count < 1 || count > AJDRV_MAX_DEPENDENCIES || section->size != (uint64_t)count * AJDRV_DEPENDENCY_SIZE)
    return AJDRV_E_DEPS;
  const uint8_t* record = ajdrv_contents(package, section);
  for (uint32_t i = 0; i < count; ++i, record += AJDRV_DEPENDENCY_SIZE) {
    const bool sound = ajdrv_name_is_sound(record + kName) && (ajdrv_u32(record + kFlags) & ~1u) == 0 &&
                       ajdrv_u32(record + kZero) == 0;
    if (!sound) return AJDRV_E_DEPS;
  }
  return AJDRV_OK;
}

ajdrv_dependency_t ajdrv_dependency(const ajdrv_package_t* package, uint32_t index) {
  const uint8_t* record =
      ajdrv_contents(package, ajdrv_section(package, AJDRV_SECTION_DEPS)) + (size_t)index * AJDRV_DEPENDENCY_SIZE;
  return (ajdrv_dependency_t){.lineage = record,
                              .name = (const char*)(record + kName),
                              .min_version = ajdrv_u64(record + kMinVersion),
                              .flags = ajdrv_u32(record + kFlags)};
}

static ajdrv_error_t check_plain(const ajdrv_package_t* package) {
  static const uint32_t plain[] = {AJDRV_SECTION_CODE, AJDRV_SECTION_STR, AJDRV_SECTION_PROV};
  for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); ++i) {
    const ajdrv_section_t* section = ajdrv_section(package, plain[i]);
    if (section != NULL && (section->count != 1 || section->size == 0)) return AJDRV_E_SECTION_BOUNDS;
  }
  return AJDRV_OK;
}

ajdrv_error_t ajdrv_check_contents(const ajdrv_package_t* package) {
  const ajdrv_section_t* matches = ajdrv_section(package, AJDRV_SECTION_MATCH);
  const ajdrv_section_t* meta = ajdrv_section(package, AJDRV_SECTION_META);
  const ajdrv_section_t* dependencies = ajdrv_section(package, AJDRV_SECTION_DEPS);
  if (matches == NULL || meta == NULL || ajdrv_section(package, AJDRV_SECTION_CODE) == NULL)
    return AJDRV_E_SECTION_MISSING;
  ajdrv_error_t error = check_plain(package);
  if (error == AJDRV_OK) error = check_matches(package, matches);
  if (error == AJDRV_OK) error = ajdrv_check_meta(ajdrv_contents(package, meta), meta->size, meta->count);
  if (error == AJDRV_OK && dependencies != NULL) error = check_dependencies(package, dependencies);
  return error;
}
