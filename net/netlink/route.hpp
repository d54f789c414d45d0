// What NETLINK_ROUTE requests do: dumps of interfaces, addresses and routes, and changes of them.
#pragma once

#include <span>

#include "net/netlink/message.hpp"

namespace net::netlink {

// Carries out one request (its header and what follows) and writes the messages that answer it, without the final
// acknowledgement. EOPNOTSUPP for what is not known here, EPERM, EINVAL, ENODEV, ... May sleep.
Status handle(const Header& header, std::span<const u8> body, Writer& answer);

}  // namespace net::netlink
