// Runs a function at the end of a scope, unless dismissed: undo that cannot be forgotten.
#pragma once

#include <utility>

namespace lib {

template <class F>
class [[nodiscard]] Defer {
 public:
  explicit Defer(F function) : function_(std::move(function)) {}
  ~Defer() {
    if (armed_) function_();
  }
  Defer(const Defer&) = delete;
  Defer& operator=(const Defer&) = delete;
  void dismiss() { armed_ = false; }

 private:
  F function_;
  bool armed_ = true;
};

}  // namespace lib
