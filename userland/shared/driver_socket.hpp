// What bootstrapd and driverd say to each other over a Unix socket of packets: "SLOT" with the package's open
// descriptor one way, "NUMBER SENTENCE" the other, where NUMBER is 0 or an errno.
#pragma once

#include <optional>
#include <string>

#include "userland/shared/descriptor.hpp"

namespace shared {

inline constexpr size_t kLongestMessage = 512;

struct LoadRequest {
  std::string slot;
  Descriptor package;
};
struct LoadAnswer {
  int error = 0;
  std::string sentence;
};

// A device's name as it may stand in the kernel's parameters: letters, digits and : . _ - @.
bool slot_is_sound(const std::string& slot);
// False where the other side has gone.
bool send_request(int socket, const std::string& slot, int package);
std::optional<LoadRequest> receive_request(int socket);
bool send_answer(int socket, const LoadAnswer& answer);
std::optional<LoadAnswer> receive_answer(int socket);

}  // namespace shared
