#include "kernel/lib/format.hpp"

#include <algorithm>

namespace lib {
namespace {

struct Specification {
  bool left = false;
  bool zero = false;
  bool alternate = false;
  bool has_precision = false;
  int width = 0;
  int precision = 0;
  int length = 0;  // -2 hh, -1 h, 0 int, 1 long, 2 long long (size_t counts as long)
  char conversion = 0;
};

void put_repeated(TextSink& sink, char c, int count) {
  for (; count > 0; --count) sink.put({&c, 1});
}

void put_padded(TextSink& sink, const Specification& spec, std::string_view prefix, std::string_view body) {
  const int length = static_cast<int>(prefix.size() + body.size());
  const int padding = std::max(0, spec.width - length);
  if (!spec.left && !spec.zero) put_repeated(sink, ' ', padding);
  sink.put(prefix);
  if (!spec.left && spec.zero) put_repeated(sink, '0', padding);
  sink.put(body);
  if (spec.left) put_repeated(sink, ' ', padding);
}

void put_number(TextSink& sink, Specification spec, u64 magnitude, bool negative, unsigned base) {
  const char* digits = spec.conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  char buffer[64];
  char* const end = buffer + sizeof(buffer);
  char* at = end;
  do {
    *--at = digits[magnitude % base];
    magnitude /= base;
  } while (magnitude != 0);
  if (spec.has_precision) {
    spec.zero = false;
    while (end - at < std::min(spec.precision, 64)) *--at = '0';
  }
  const bool hex = base == 16 && spec.alternate;
  put_padded(sink, spec, negative ? "-" : (hex ? "0x" : ""), {at, static_cast<usize>(end - at)});
}

i64 take_signed(const Specification& spec, va_list& arguments) {
  switch (spec.length) {
    case 2: return va_arg(arguments, long long);
    case 1: return va_arg(arguments, long);
    case -1: return static_cast<short>(va_arg(arguments, int));
    case -2: return static_cast<signed char>(va_arg(arguments, int));
    default: return va_arg(arguments, int);
  }
}

u64 take_unsigned(const Specification& spec, va_list& arguments) {
  switch (spec.length) {
    case 2: return va_arg(arguments, unsigned long long);
    case 1: return va_arg(arguments, unsigned long);
    case -1: return static_cast<unsigned short>(va_arg(arguments, unsigned));
    case -2: return static_cast<unsigned char>(va_arg(arguments, unsigned));
    default: return va_arg(arguments, unsigned);
  }
}

const char* parse_number(const char* at, int* value, va_list& arguments) {
  if (*at == '*') {
    *value = va_arg(arguments, int);
    return at + 1;
  }
  for (; *at >= '0' && *at <= '9'; ++at) *value = *value * 10 + (*at - '0');
  return at;
}

// `at` is behind the '%'. Returns the position of the conversion character.
const char* parse(const char* at, Specification& spec, va_list& arguments) {
  for (;; ++at) {
    if (*at == '-')
      spec.left = true;
    else if (*at == '0')
      spec.zero = true;
    else if (*at == '#')
      spec.alternate = true;
    else
      break;
  }
  at = parse_number(at, &spec.width, arguments);
  if (*at == '.') {
    spec.has_precision = true;
    at = parse_number(at + 1, &spec.precision, arguments);
  }
  for (; *at == 'l' || *at == 'h' || *at == 'z'; ++at) spec.length += *at == 'h' ? -1 : 1;
  spec.conversion = *at;
  return at;
}

void put_string(TextSink& sink, Specification spec, const char* text) {
  if (text == nullptr) text = "(null)";
  usize length = 0;
  while ((!spec.has_precision || length < static_cast<usize>(spec.precision)) && text[length] != 0) ++length;
  spec.zero = false;
  put_padded(sink, spec, "", {text, length});
}

// False if the conversion is unknown.
bool put_conversion(TextSink& sink, Specification& spec, va_list& arguments) {
  switch (spec.conversion) {
    case 'd':
    case 'i': {
      const i64 value = take_signed(spec, arguments);
      put_number(sink, spec, value < 0 ? 0 - static_cast<u64>(value) : static_cast<u64>(value), value < 0, 10);
      return true;
    }
    case 'u': put_number(sink, spec, take_unsigned(spec, arguments), false, 10); return true;
    case 'x':
    case 'X': put_number(sink, spec, take_unsigned(spec, arguments), false, 16); return true;
    case 'o': put_number(sink, spec, take_unsigned(spec, arguments), false, 8); return true;
    case 'p':
      spec.alternate = true;
      put_number(sink, spec, reinterpret_cast<u64>(va_arg(arguments, void*)), false, 16);
      return true;
    case 's': put_string(sink, spec, va_arg(arguments, const char*)); return true;
    case 'c': {
      const char c = static_cast<char>(va_arg(arguments, int));
      put_padded(sink, spec, "", {&c, 1});
      return true;
    }
    case '%': sink.put("%"); return true;
    default: return false;
  }
}

class BufferSink final : public TextSink {
 public:
  BufferSink(char* buffer, usize capacity) : buffer_(buffer), capacity_(capacity) {}
  void put(std::string_view text) override {
    const usize count = std::min(text.size(), capacity_ - used_);
    std::copy_n(text.data(), count, buffer_ + used_);
    used_ += count;
  }
  usize used() const { return used_; }

 private:
  char* buffer_;
  usize capacity_;
  usize used_ = 0;
};

}  // namespace

void format_to(TextSink& sink, const char* format, va_list original) {
  va_list arguments;
  va_copy(arguments, original);
  const char* at = format;
  while (*at != 0) {
    const char* start = at;
    while (*at != 0 && *at != '%') ++at;
    sink.put({start, static_cast<usize>(at - start)});
    if (*at == 0) break;
    Specification spec;
    const char* end = parse(at + 1, spec, arguments);
    if (put_conversion(sink, spec, arguments)) {
      at = end + 1;
    } else {
      sink.put("%");
      ++at;
    }
  }
  va_end(arguments);
}

usize format_into_v(char* buffer, usize capacity, const char* format, va_list arguments) {
  if (capacity == 0) return 0;
  BufferSink sink(buffer, capacity - 1);
  format_to(sink, format, arguments);
  buffer[sink.used()] = 0;
  return sink.used();
}

usize format_into(char* buffer, usize capacity, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const usize used = format_into_v(buffer, capacity, format, arguments);
  va_end(arguments);
  return used;
}

}  // namespace lib
