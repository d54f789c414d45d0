#include "userland/store/http.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "userland/store/error.hpp"
#include "userland/store/manifest.hpp"

namespace store {
namespace {

using Clock = std::chrono::steady_clock;
constexpr unsigned kThreads = 4, kIdleSeconds = 20, kPerAddress = 64, kConnections = 512, kMemory = 16 << 10;
constexpr auto kWholeRequest = std::chrono::seconds(60);
constexpr size_t kLongestUrl = 2048, kMostHeaders = 64;

// One request while it comes in; microhttpd keeps the pointer, ended() frees it.
struct Incoming {
  Request request;
  Clock::time_point begun = Clock::now();
  int refused = 0;  // a status, once the request is too large or too slow
  size_t header_count = 0;
};

MHD_Result take_header(void* context, MHD_ValueKind, const char* name, const char* value) {
  auto& incoming = *static_cast<Incoming*>(context);
  if (++incoming.header_count > kMostHeaders) return incoming.refused = 431, MHD_NO;
  std::string key = name;
  std::ranges::transform(key, key.begin(), [](unsigned char c) { return std::tolower(c); });
  incoming.request.headers[key] = value == nullptr ? "" : value;
  return MHD_YES;
}

MHD_Result take_argument(void* context, MHD_ValueKind, const char* name, const char* value) {
  static_cast<Incoming*>(context)->request.query[name] = value == nullptr ? "" : value;
  return MHD_YES;
}

Incoming* begin(MHD_Connection* connection, const char* url, const char* method) {
  auto incoming = std::make_unique<Incoming>();
  incoming->request.method = method;
  incoming->request.path = url;
  if (incoming->request.path.size() > kLongestUrl) incoming->refused = 414;
  MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, incoming.get());
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_argument, incoming.get());
  incoming->request.target = "http://" + incoming->request.headers["host"] + incoming->request.path;
  return incoming.release();
}

void take_body(Incoming& incoming, const char* bytes, size_t size) {
  if (incoming.request.body.size() + size > limit::kBody) incoming.refused = 413;
  if (Clock::now() - incoming.begun > kWholeRequest) incoming.refused = 408;
  if (incoming.refused == 0) incoming.request.body.append(bytes, size);
}

MHD_Response* make(const Response& response) {
  if (response.file.empty())
    return MHD_create_response_from_buffer(response.body.size(), const_cast<char*>(response.body.data()),
                                           MHD_RESPMEM_MUST_COPY);
  const int file = open(response.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return nullptr;
  return MHD_create_response_from_fd_at_offset64(response.size, file, response.offset);  // closes it
}

MHD_Result send(MHD_Connection* connection, const Response& response) {
  MHD_Response* made = make(response);
  if (made == nullptr) return MHD_NO;
  MHD_add_response_header(made, "Content-Type", response.type.c_str());
  MHD_add_response_header(made, "X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) MHD_add_response_header(made, name.c_str(), value.c_str());
  const MHD_Result queued = MHD_queue_response(connection, static_cast<unsigned>(response.status), made);
  MHD_destroy_response(made);
  return queued;
}

Response answer(const Handler& handler, const Incoming& incoming) {
  if (incoming.refused != 0)
    return problem_response(incoming.refused, "limit", "The request exceeds the store's limits.");
  try {
    return handler(incoming.request);
  } catch (const Problem& problem) {
    return problem_response(problem.status(), problem.code(), problem.what());
  } catch (const std::exception& error) {
    fprintf(stderr, "%s %s: %s\n", incoming.request.method.c_str(), incoming.request.path.c_str(), error.what());
    return problem_response(500, "internal", "The store failed at this request; its log says why.");
  }
}

MHD_Result on_request(void* context, MHD_Connection* connection, const char* url, const char* method, const char*,
                      const char* body, size_t* size, void** state) {
  if (*state == nullptr) {
    *state = begin(connection, url, method);
    return MHD_YES;
  }
  auto& incoming = *static_cast<Incoming*>(*state);
  if (*size != 0) {
    take_body(incoming, body, *size);
    *size = 0;
    return MHD_YES;
  }
  return send(connection, answer(*static_cast<const Handler*>(context), incoming));
}

void ended(void*, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
  std::unique_ptr<Incoming>(static_cast<Incoming*>(*state)).reset();
  *state = nullptr;
}

}  // namespace

void Server::Stop::operator()(MHD_Daemon* daemon) const { MHD_stop_daemon(daemon); }

Server::Server(const std::string& address, uint16_t port, Handler handler) : handler_(std::move(handler)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &at.sin_addr) != 1) throw std::runtime_error(address + " is no IPv4 address");
  daemon_.reset(MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, port, nullptr, nullptr, on_request,
                                 &handler_, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_THREAD_POOL_SIZE, kThreads,
                                 MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                                 kPerAddress, MHD_OPTION_CONNECTION_LIMIT, kConnections,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, size_t{kMemory}, MHD_OPTION_NOTIFY_COMPLETED,
                                 ended, nullptr, MHD_OPTION_END));
  if (!daemon_) throw std::runtime_error("port " + std::to_string(port) + " of " + address + " cannot be listened on");
}

Server::~Server() = default;

uint16_t Server::port() const { return MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_BIND_PORT)->port; }

Response problem_response(int status, const std::string& code, const std::string& detail) {
  Response response;
  response.status = status;
  response.type = "application/problem+json";
  response.body =
      nlohmann::json{{"type", "about:blank"}, {"title", code}, {"status", status}, {"code", code}, {"detail", detail}}
          .dump();
  if (status == 429 || status == 503) response.headers["Retry-After"] = "5";
  return response;
}

}  // namespace store
