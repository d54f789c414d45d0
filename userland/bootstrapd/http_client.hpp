// HTTP by libcurl, with limits on size and time on everything that comes back.
//
// A failure of the network or of the server's form is an HttpError; an answer of any status is a result. One thread.
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace bootstrap {

class HttpError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct HttpAnswer {
  long status = 0;
  std::string body;
  std::map<std::string, std::string> headers;  // names in small letters
};

struct HttpCall {
  std::string method = "GET", url, body;
  std::vector<std::string> headers;
  size_t most_bytes = 1 << 20;
  // Bytes so far and in all; called a few times a second.
  std::function<void(size_t, size_t)> progress;
};

HttpAnswer call(const HttpCall& what);

}  // namespace bootstrap
