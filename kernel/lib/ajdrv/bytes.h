/* Little-endian numbers at any alignment, and runs of zeros. For the files of this folder. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint64_t ajdrv_load(const uint8_t* at, unsigned bytes) {
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= (uint64_t)at[i] << (8 * i);
  return value;
}
static inline uint16_t ajdrv_u16(const uint8_t* at) { return (uint16_t)ajdrv_load(at, 2); }
static inline uint32_t ajdrv_u32(const uint8_t* at) { return (uint32_t)ajdrv_load(at, 4); }
static inline uint64_t ajdrv_u64(const uint8_t* at) { return ajdrv_load(at, 8); }

static inline void ajdrv_store(uint8_t* at, unsigned bytes, uint64_t value) {
  for (unsigned i = 0; i < bytes; ++i) at[i] = (uint8_t)(value >> (8 * i));
}

static inline bool ajdrv_all_zero(const uint8_t* at, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (at[i] != 0) return false;
  }
  return true;
}
