// Results: a value or an Errno. Every fallible function of the kernel returns one.
//
//   Result<Ref<File>> open(...);
//   auto file = TRY(open(...));          // returns the error to our own caller
//   return Err(Errno::EINVAL);
#pragma once

#include <expected>
#include <utility>

#include "kernel/lib/errno.hpp"

template <class T>
using Result = std::expected<T, Errno>;

using Status = Result<void>;

[[nodiscard]] constexpr std::unexpected<Errno> Err(Errno error) { return std::unexpected<Errno>(error); }

namespace lib::detail {
template <class T>
constexpr T&& take(Result<T>& result) {
  return std::move(*result);
}
constexpr void take(Status&) {}
}  // namespace lib::detail

// The value of `expression`, or a return of its error from the enclosing function. A statement expression (GCC and
// clang), because nothing in the standard language can return from the caller.
#define TRY(expression)                                  \
  ({                                                     \
    auto try_result = (expression);                      \
    if (!try_result.has_value()) [[unlikely]]            \
      return std::unexpected<Errno>(try_result.error()); \
    lib::detail::take(try_result);                       \
  })
