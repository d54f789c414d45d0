// A refusal on its way to an answer: an HTTP status, a stable word and a sentence (RFC 9457).
#pragma once

#include <stdexcept>
#include <string>

namespace store {

class Problem : public std::runtime_error {
 public:
  Problem(int status, std::string code, const std::string& detail)
      : std::runtime_error(detail), status_(status), code_(std::move(code)) {}
  int status() const { return status_; }
  const std::string& code() const { return code_; }

 private:
  int status_;
  std::string code_;
};

}  // namespace store
