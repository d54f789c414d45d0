// The HTTP server: reads requests within limits of size and time, and hands whole ones to a handler.
//
// A Server owns its threads and ends them when it goes. The handler is called by several threads at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

struct MHD_Daemon;

namespace store {

struct Request {
  std::string method;
  std::string path;                            // without the query
  std::string target;                          // the whole URL, as the client signs it
  std::map<std::string, std::string> headers;  // names in small letters
  std::map<std::string, std::string> query;
  std::string body;
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::map<std::string, std::string> headers;
  // Where the body is part of a file instead.
  std::string file;
  uint64_t offset = 0, size = 0;
};

using Handler = std::function<Response(const Request&)>;

class Server {
 public:
  // On this address; port 0 takes a free one. std::runtime_error.
  Server(const std::string& address, uint16_t port, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  uint16_t port() const;

 private:
  Handler handler_;
  struct Stop {
    void operator()(MHD_Daemon* daemon) const;
  };
  std::unique_ptr<MHD_Daemon, Stop> daemon_;
};

// The answer to a Problem: application/problem+json (RFC 9457).
Response problem_response(int status, const std::string& code, const std::string& detail);

}  // namespace store
