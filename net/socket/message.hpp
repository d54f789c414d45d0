// One message on its way into or out of a socket, with what goes beside the data.
//
// The system calls make these from msghdr and its control data; protocols fill or read them. Files in transit are held
// by the message.
#pragma once

#include "fs/vfs/file.hpp"
#include "kernel/lib/vector.hpp"
#include "net/socket/address.hpp"
#include "net/socket/caller.hpp"

namespace net {

namespace message_flag {
inline constexpr u32 kOutOfBand = 1, kPeek = 2, kDontRoute = 4, kControlTruncated = 8, kTruncated = 0x20,
                     kDontWait = 0x40, kEndOfRecord = 0x80, kWaitAll = 0x100, kErrorQueue = 0x2000, kNoSignal = 0x4000,
                     kMore = 0x8000, kWaitForOne = 0x10000, kCloseOnExec = 0x40000000;
}

struct Outgoing {
  Outgoing(vfs::WriteBuffer& data, u32 flags) : data(data), flags(flags) {}
  vfs::WriteBuffer& data;
  const u32 flags;
  const SocketAddress* to = nullptr;
  lib::Vector<lib::Ref<vfs::File>> files;  // SCM_RIGHTS
  bool has_identity = false;               // SCM_CREDENTIALS
  Identity identity;
  // IP_PKTINFO and IPV6_PKTINFO: the interface to use (0: as routed) and the source address (empty: its own).
  u32 interface = 0;
  SocketAddress source;
};

// One item of control data for the program.
struct ControlItem {
  static constexpr usize kMax = 64;
  i32 level = 0, type = 0;
  usize length = 0;
  alignas(8) u8 bytes[kMax] = {};
};

struct Incoming {
  Incoming(vfs::ReadBuffer& data, u32 flags) : data(data), flags(flags) {}
  vfs::ReadBuffer& data;
  const u32 flags;    // what the caller asked for
  u32 out_flags = 0;  // MSG_TRUNC and its kin
  SocketAddress from;
  lib::Vector<lib::Ref<vfs::File>> files;
  bool has_identity = false;
  Identity identity;
  static constexpr usize kMaxItems = 4;
  usize item_count = 0;
  ControlItem items[kMaxItems];

  template <class T>
  void add_item(i32 level, i32 type, const T& value) {
    static_assert(sizeof(T) <= ControlItem::kMax);
    if (item_count == kMaxItems) return;
    ControlItem& item = items[item_count++];
    item.level = level;
    item.type = type;
    item.length = sizeof(value);
    std::memcpy(item.bytes, &value, sizeof(value));
  }
};

}  // namespace net
