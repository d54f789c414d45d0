#include "userland/shared/driver_socket.hpp"

#include <sys/socket.h>

#include <cstdlib>
#include <cstring>

namespace shared {
namespace {

union Control {
  cmsghdr header;
  char room[CMSG_SPACE(sizeof(int))];
};

std::optional<std::string> receive_text(int socket) {
  char text[kLongestMessage];
  const ssize_t size = recv(socket, text, sizeof text, 0);
  return size <= 0 ? std::nullopt : std::optional(std::string(text, static_cast<size_t>(size)));
}

}  // namespace

bool slot_is_sound(const std::string& slot) {
  constexpr const char* kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-@";
  return !slot.empty() && slot.size() < 32 && slot.find_first_not_of(kAllowed) == std::string::npos;
}

bool send_request(int socket, const std::string& slot, int package) {
  Control control{};
  iovec part = {const_cast<char*>(slot.data()), slot.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control.room;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &package, sizeof package);
  return sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(slot.size());
}

std::optional<LoadRequest> receive_request(int socket) {
  Control control{};
  char text[kLongestMessage];
  iovec part = {text, sizeof text};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof control.room;
  const ssize_t size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  const cmsghdr* header = size <= 0 ? nullptr : CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int)))
    return std::nullopt;
  int number = -1;
  std::memcpy(&number, CMSG_DATA(header), sizeof number);
  return LoadRequest{std::string(text, static_cast<size_t>(size)), Descriptor(number)};
}

bool send_answer(int socket, const LoadAnswer& answer) {
  const std::string text = std::to_string(answer.error) + " " + answer.sentence.substr(0, kLongestMessage - 16);
  return send(socket, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

std::optional<LoadAnswer> receive_answer(int socket) {
  const auto text = receive_text(socket);
  if (!text) return std::nullopt;
  const size_t space = text->find(' ');
  if (space == std::string::npos) return std::nullopt;
  return LoadAnswer{std::atoi(text->c_str()), text->substr(space + 1)};
}

}  // namespace shared
