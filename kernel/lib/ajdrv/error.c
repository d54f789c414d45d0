#include "kernel/lib/ajdrv/error.h"

#include <stddef.h>

typedef struct {
  int number;
  int errno_value;
  const char* name;
  const char* sentence;
} row_t;

static const row_t rows[] = {
#define AJDRV_ROW(number, name, errno_value, sentence) {number, errno_value, #name, sentence},
    AJDRV_ERRORS(AJDRV_ROW)
#undef AJDRV_ROW
};

static const row_t unknown = {-1, 22, "UNKNOWN", "There is no such error."};

static const row_t* row_of(ajdrv_error_t error) {
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    if (rows[i].number == (int)error) return &rows[i];
  }
  return &unknown;
}

const char* ajdrv_error_name(ajdrv_error_t error) { return row_of(error)->name; }
const char* ajdrv_error_sentence(ajdrv_error_t error) { return row_of(error)->sentence; }
int ajdrv_error_errno(ajdrv_error_t error) { return row_of(error)->errno_value; }
