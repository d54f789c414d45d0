/* META: "key=value" texts in UTF-8, each with its NUL. */
#include <string.h>

#include "kernel/lib/ajdrv/sections.h"

/* The length of the character at `at`, 0 where it is none that may stand in a text (RFC 3629; no control characters).
 */
static size_t character_length(const uint8_t* at, size_t left) {
  const uint8_t first = at[0];
  if (first < 0x80) return first >= ' ' && first != 0x7f ? 1 : 0;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || left < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at[i] & 0xc0) != 0x80) return 0;
  }
  /* Longer than needed, surrogates, C1 controls, beyond U+10FFFF. */
  if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) || (first == 0xc2 && at[1] < 0xa0)) return 0;
  if ((first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] > 0x8f)) return 0;
  return length;
}

static bool pair_is_sound(const uint8_t* text, size_t length) {
  size_t key = 0;
  while (key < length && ((text[key] >= 'a' && text[key] <= 'z') || text[key] == '_')) ++key;
  if (key == 0 || key == length || text[key] != '=') return false;
  for (size_t at = key + 1; at < length;) {
    const size_t step = character_length(text + at, length - at);
    if (step == 0) return false;
    at += step;
  }
  return true;
}

static const uint8_t* find_value(const uint8_t* text, uint64_t size, const char* key) {
  const size_t length = strlen(key);
  for (uint64_t at = 0; at < size; at += strlen((const char*)text + at) + 1) {
    if (strncmp((const char*)text + at, key, length) == 0 && text[at + length] == '=') return text + at + length + 1;
  }
  return NULL;
}

ajdrv_error_t ajdrv_check_meta(const uint8_t* text, uint64_t size, uint32_t count) {
  if (size == 0 || text[size - 1] != 0) return AJDRV_E_META_UTF8;
  uint32_t pairs = 0;
  for (uint64_t at = 0; at < size; ++pairs) {
    const size_t length = strlen((const char*)text + at);
    if (!pair_is_sound(text + at, length)) return AJDRV_E_META_UTF8;
    at += length + 1;
  }
  if (pairs != count) return AJDRV_E_META_UTF8;
  const uint8_t* license = find_value(text, size, "license");
  return license != NULL && ajdrv_license_is_sound((const char*)license) ? AJDRV_OK : AJDRV_E_META_LICENSE;
}

const char* ajdrv_meta(const ajdrv_package_t* package, const char* key) {
  const ajdrv_section_t* meta = ajdrv_section(package, AJDRV_SECTION_META);
  return meta == NULL ? NULL : (const char*)find_value(ajdrv_contents(package, meta), meta->size, key);
}
