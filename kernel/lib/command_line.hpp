// The kernel command line, as on Linux: words separated by spaces, `name` or `name=value`, quotes around values.
#pragma once

#include <optional>
#include <string_view>

#include "kernel/lib/types.hpp"

namespace lib {

class CommandLine {
 public:
  explicit CommandLine(std::string_view text) : text_(text) {}

  // True if the bare word is there.
  bool has(std::string_view name) const;
  // The value of the last `name=value`, without quotes.
  std::optional<std::string_view> value(std::string_view name) const;
  std::optional<i64> number(std::string_view name) const;
  // A size with K, M or G behind it.
  std::optional<u64> size(std::string_view name) const;
  std::string_view text() const { return text_; }

  // Calls visit(word) for each word, quotes removed from neither end.
  template <class Visit>
  void for_each_word(Visit&& visit) const {
    usize at = 0;
    for (;;) {
      while (at < text_.size() && text_[at] == ' ') ++at;
      if (at == text_.size()) return;
      const usize start = at;
      bool quoted = false;
      for (; at < text_.size() && (quoted || text_[at] != ' '); ++at) quoted ^= text_[at] == '"';
      visit(text_.substr(start, at - start));
    }
  }

 private:
  std::string_view text_;
};

// Whole text as a number: decimal, 0x hexadecimal or 0 octal. Empty result for anything else, overflow included.
std::optional<u64> parse_number(std::string_view text);
// The same with K, M or G behind it.
std::optional<u64> parse_size(std::string_view text);

}  // namespace lib
