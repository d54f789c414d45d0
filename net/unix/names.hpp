// The names of Unix sockets: paths, found through the socket inode, and abstract names.
//
// The table refers to ends without counting them: an end takes its name out before it goes.
#pragma once

#include "net/unix/end.hpp"

namespace net::unix_domain {

inline constexpr usize kPathOffset = 2, kMostPath = 108;

// Makes the name and binds `end` to it. An address of two bytes asks for any free abstract name. EINVAL, EADDRINUSE,
// what making a file answers.
Status bind_name(End& end, const SocketAddress& address);
// The end that `address` names and that is of `type`. ECONNREFUSED, EPROTOTYPE, EACCES, ENOENT, ...
Result<lib::Ref<End>> find_end(const SocketAddress& address, u32 type);
void forget_name(End& end);

// Calls visit for each named end. For /proc/net/unix.
void list_names(void (*visit)(void* context, End& end), void* context);

}  // namespace net::unix_domain
