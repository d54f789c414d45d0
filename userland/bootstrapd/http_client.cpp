#include "userland/bootstrapd/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace bootstrap {
namespace {

constexpr long kConnectSeconds = 10, kWholeSeconds = 600, kSlowestBytes = 1024, kSlowSeconds = 20;

struct Exchange {
  const HttpCall& call;
  HttpAnswer answer;
  size_t expected = 0;
};

size_t take_body(char* bytes, size_t, size_t size, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  if (exchange.answer.body.size() + size > exchange.call.most_bytes) return 0;  // curl ends the transfer
  exchange.answer.body.append(bytes, size);
  if (exchange.call.progress) exchange.call.progress(exchange.answer.body.size(), exchange.expected);
  return size;
}

size_t take_header(char* bytes, size_t, size_t size, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  const std::string line(bytes, size);
  const size_t colon = line.find(':');
  if (colon == std::string::npos || exchange.answer.headers.size() > 64) return size;
  std::string name = line.substr(0, colon);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  const size_t first = line.find_first_not_of(" \t", colon + 1), last = line.find_last_not_of(" \t\r\n");
  exchange.answer.headers[name] =
      first == std::string::npos || last < first ? "" : line.substr(first, last - first + 1);
  if (name == "content-length") exchange.expected = std::strtoull(exchange.answer.headers[name].c_str(), nullptr, 10);
  return size;
}

struct Clean {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

}  // namespace

HttpAnswer call(const HttpCall& what) {
  const std::unique_ptr<CURL, Clean> curl(curl_easy_init());
  if (!curl) throw HttpError("no memory for a request");
  std::unique_ptr<curl_slist, Clean> headers;
  for (const std::string& header : what.headers) headers.reset(curl_slist_append(headers.release(), header.c_str()));
  Exchange exchange{what, {}, 0};
  CURL* const handle = curl.get();
  curl_easy_setopt(handle, CURLOPT_URL, what.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, what.method.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, kWholeSeconds);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, kSlowestBytes);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
  if (!what.body.empty()) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, what.body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what.body.size()));
  }
  const CURLcode status = curl_easy_perform(handle);
  if (status != CURLE_OK) throw HttpError(curl_easy_strerror(status));
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &exchange.answer.status);
  return exchange.answer;
}

}  // namespace bootstrap
