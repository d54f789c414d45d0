/* SPDX licence expressions (SPDX 2.3, annex D): identifiers joined by AND, OR, WITH, in parentheses. */
#include <string.h>

#include "kernel/lib/ajdrv/format.h"

static bool is_identifier_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '+' || c == ':';
}

static bool is_word(const char* text, size_t length, const char* word) {
  return strlen(word) == length && strncmp(text, word, length) == 0;
}

bool ajdrv_license_is_sound(const char* text) {
  enum { kDeepest = 8 };
  int depth = 0;
  bool wants_identifier = true;
  while (*text != 0) {
    if (*text == ' ') {
      ++text;
    } else if (*text == '(') {
      if (!wants_identifier || ++depth > kDeepest) return false;
      ++text;
    } else if (*text == ')') {
      if (wants_identifier || --depth < 0) return false;
      ++text;
    } else {
      size_t length = 0;
      while (is_identifier_character(text[length])) ++length;
      const bool joins = is_word(text, length, "AND") || is_word(text, length, "OR") || is_word(text, length, "WITH");
      if (length == 0 || joins == wants_identifier) return false;
      wants_identifier = joins;
      text += length;
    }
  }
  return !wants_identifier && depth == 0;
}
