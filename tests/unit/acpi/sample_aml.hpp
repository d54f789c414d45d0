// Byte code for tests, put together by hand (ACPI 6.5, chapter 20.2).
#pragma once

#include <string_view>

#include "tests/unit/acpi/sample_tables.hpp"

namespace sample::aml {

using Code = std::vector<u8>;

inline Code join(std::initializer_list<Code> parts) {
  Code all;
  for (const Code& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

inline Code text(std::string_view characters) { return {characters.begin(), characters.end()}; }

// PkgLength in front, in two bytes however short: any number of them is allowed.
inline Code block(const Code& contents) {
  const usize length = contents.size() + 2;
  return join({{static_cast<u8>(0x40 | (length & 15)), static_cast<u8>(length >> 4)}, contents});
}

inline Code byte(u8 value) { return {0x0a, value}; }
inline Code dword(u32 value) {
  Code code{0x0c};
  append(code, value);
  return code;
}
inline Code string(std::string_view characters) { return join({{0x0d}, text(characters), {0}}); }
inline Code buffer(const Code& bytes) {
  return join({{0x11}, block(join({byte(static_cast<u8>(bytes.size())), bytes}))});
}
inline Code name(std::string_view segment, const Code& value) { return join({{0x08}, text(segment), value}); }
inline Code scope(std::string_view path, const Code& terms) { return join({{0x10}, block(join({text(path), terms}))}); }
inline Code device(std::string_view segment, const Code& terms) {
  return join({{0x5b, 0x82}, block(join({text(segment), terms}))});
}
inline Code method(std::string_view segment, u8 flags, const Code& terms) {
  return join({{0x14}, block(join({text(segment), {flags}, terms}))});
}
inline Code returned(const Code& value) { return join({{0xa4}, value}); }

inline AcpiTable dsdt(const Code& terms) {
  AcpiTable table = header("DSDT", 2);
  table.insert(table.end(), terms.begin(), terms.end());
  return finish(std::move(table));
}

// Memory32Fixed, then an extended interrupt, then the end tag.
inline Code memory_and_line(u32 base, u32 size, u8 flags, u32 line) {
  Code code{0x86, 9, 0, 1};
  append(code, base);
  append(code, size);
  code.insert(code.end(), {0x89, 6, 0, flags, 1});
  append(code, line);
  code.insert(code.end(), {0x79, 0});
  return code;
}

}  // namespace sample::aml
