// Sets of numbers as /sys and /proc show them: lists ("0-3,8") and masks ("ff,00000001").
#pragma once

#include "fs/vfs/text.hpp"

namespace vfs {

// The numbers below `count` for which contains(number) is true, with a line's end.
template <class Contains>
void print_list(Text& text, u32 count, Contains contains) {
  bool first = true;
  for (u32 at = 0; at < count; ++at) {
    if (!contains(at)) continue;
    u32 last = at;
    while (last + 1 < count && contains(last + 1)) ++last;
    text.print(first ? "%u" : ",%u", at);
    if (last > at) text.print("-%u", last);
    first = false;
    at = last;
  }
  text.add("\n");
}

// The same as a hexadecimal mask in words of 32 bits, the highest first and only as wide as needed for `count`.
template <class Contains>
void print_mask(Text& text, u32 count, Contains contains) {
  constexpr u32 kWord = 32, kDigit = 4;
  const u32 words = (count + kWord - 1) / kWord;
  for (u32 word = words; word-- > 0;) {
    const u32 bits = word == words - 1 ? count - word * kWord : kWord;
    u32 value = 0;
    for (u32 bit = 0; bit < bits; ++bit) value |= u32{contains(word * kWord + bit)} << bit;
    text.print("%0*x", static_cast<int>((bits + kDigit - 1) / kDigit), value);
    text.add(word != 0 ? "," : "\n");
  }
}

}  // namespace vfs
