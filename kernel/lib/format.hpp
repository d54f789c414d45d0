// printf-style formatting without allocation.
//
// Conversions: %d %i %u %x %X %o %p %s %c %%, with the flags `-`, `0`, `#`, a width, a precision (both also `*`), and
// the lengths hh h l ll z. What a format asks beyond that is copied as it stands, so that a mistake is visible.
#pragma once

#include <cstdarg>
#include <string_view>

#include "kernel/lib/types.hpp"

namespace lib {

// Takes formatted text piece by piece.
class TextSink {
 public:
  virtual void put(std::string_view text) = 0;

 protected:
  ~TextSink() = default;
};

void format_to(TextSink& sink, const char* format, va_list arguments);

// Writes at most capacity - 1 characters and a NUL (nothing if capacity is 0). Returns the characters written, without
// the NUL.
usize format_into(char* buffer, usize capacity, const char* format, ...) __attribute__((format(printf, 3, 4)));
usize format_into_v(char* buffer, usize capacity, const char* format, va_list arguments);

}  // namespace lib
