#include "kernel/lib/command_line.hpp"

namespace lib {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

std::string_view without_quotes(std::string_view text) {
  if (!text.empty() && text.front() == '"') text.remove_prefix(1);
  if (!text.empty() && text.back() == '"') text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<u64> parse_number(std::string_view text) {
  u64 base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  u64 value = 0;
  for (const char c : text) {
    const u64 digit = static_cast<u64>(digit_of(c));
    if (digit >= base || value > (~u64{0} - digit) / base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

bool CommandLine::has(std::string_view name) const {
  bool found = false;
  for_each_word([&](std::string_view word) { found |= word == name; });
  return found;
}

std::optional<std::string_view> CommandLine::value(std::string_view name) const {
  std::optional<std::string_view> found;
  for_each_word([&](std::string_view word) {
    if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=') {
      found = without_quotes(word.substr(name.size() + 1));
    }
  });
  return found;
}

std::optional<i64> CommandLine::number(std::string_view name) const {
  auto text = value(name);
  if (!text) return std::nullopt;
  const bool negative = text->starts_with('-');
  if (negative) text->remove_prefix(1);
  const auto magnitude = parse_number(*text);
  if (!magnitude || *magnitude > static_cast<u64>(INT64_MAX)) return std::nullopt;
  return negative ? -static_cast<i64>(*magnitude) : static_cast<i64>(*magnitude);
}

std::optional<u64> CommandLine::size(std::string_view name) const {
  const auto text = value(name);
  return text ? parse_size(*text) : std::nullopt;
}

std::optional<u64> parse_size(std::string_view text) {
  if (text.empty()) return std::nullopt;
  u64 unit = 1;
  switch (text.back()) {
    case 'k':
    case 'K': unit = KiB; break;
    case 'm':
    case 'M': unit = MiB; break;
    case 'g':
    case 'G': unit = GiB; break;
    default: return parse_number(text);
  }
  text.remove_suffix(1);
  const auto count = parse_number(text);
  if (!count || *count > ~u64{0} / unit) return std::nullopt;
  return *count * unit;
}

}  // namespace lib
