// driverd: the one program that loads drivers. It has the right and no network: it opens no socket but its own, takes
// open packages from bootstrapd alone, and the kernel verifies its own copy of what it is handed.
#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "userland/shared/driver_socket.hpp"

namespace {

constexpr const char* kFolder = "/run/ajdrv";
constexpr const char* kSocket = "/run/ajdrv/driverd.sock";
constexpr const char* kAsker = "bootstrap";

int fail(const char* what) {
  // In one write: it is one record of the system's log.
  std::cerr << "driverd: " + std::string(what) + ": " + std::strerror(errno) + "\n";
  return 1;
}

shared::Descriptor listen_here(const passwd& asker) {
  mkdir(kFolder, 0755);
  unlink(kSocket);
  shared::Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, kSocket, sizeof address.sun_path - 1);
  const bool is_ready = socket && bind(socket.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                        chown(kSocket, asker.pw_uid, 0) == 0 && chmod(kSocket, 0600) == 0 &&
                        chown(kFolder, asker.pw_uid, asker.pw_gid) == 0 && listen(socket.number(), 4) == 0;
  return is_ready ? std::move(socket) : shared::Descriptor();
}

bool may_ask(int connection, uid_t asker) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == asker || peer.uid == 0);
}

std::string last_error() {
  for (const char* path : {"/sys/kernel/ajdrv/last_error", "/proc/ajdrv_last_error"}) {
    std::ifstream file(path);
    std::string line;
    if (std::getline(file, line)) return line;
  }
  return "";
}

shared::LoadAnswer load(const shared::LoadRequest& request) {
  if (!shared::slot_is_sound(request.slot)) return {EINVAL, "the slot's name is not sound"};
  const std::string parameters = "slot=" + request.slot;
  if (syscall(SYS_finit_module, request.package.number(), parameters.c_str(), 0) == 0) return {0, "loaded"};
  const int error = errno;
  // The package itself was found good: the kernel's account of packages says nothing then.
  if (error == EEXIST) return {error, "the driver is loaded already, or another one has the device"};
  const std::string sentence = last_error();
  return {error, std::string(std::strerror(error)) + (sentence.empty() ? "" : ": " + sentence)};
}

void serve(int connection) {
  while (const auto request = shared::receive_request(connection)) {
    const shared::LoadAnswer answer = load(*request);
    if (!shared::send_answer(connection, answer)) return;
  }
}

}  // namespace

int main() {
  const passwd* asker = getpwnam(kAsker);
  if (asker == nullptr) return fail("there is no user bootstrap");
  const uid_t uid = asker->pw_uid;
  const shared::Descriptor socket = listen_here(*asker);
  if (!socket) return fail(kSocket);
  for (;;) {
    const shared::Descriptor connection(accept4(socket.number(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection) continue;
    if (may_ask(connection.number(), uid)) serve(connection.number());
  }
}
