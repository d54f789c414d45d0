// Messages of rtnetlink(7): their forms, and building them one after the other in a buffer.
#pragma once

#include <cstring>
#include <string_view>

#include "kernel/lib/vector.hpp"

namespace net::netlink {

// struct nlmsghdr, ifinfomsg, ifaddrmsg, rtmsg and rtattr.
struct Header {
  u32 length;
  u16 type, flags;
  u32 sequence, port;
};
struct LinkMessage {
  u8 family, padding;
  u16 type;
  i32 index;
  u32 flags, change;
};
struct AddressMessage {
  u8 family, prefix, flags, scope;
  u32 index;
};
struct RouteMessage {
  u8 family, target_prefix, source_prefix, tos;
  u8 table, protocol, scope, type;
  u32 flags;
};
struct Attribute {
  u16 length, type;
};
static_assert(sizeof(Header) == 16 && sizeof(LinkMessage) == 16 && sizeof(AddressMessage) == 8 &&
              sizeof(RouteMessage) == 12);

enum Type : u16 {
  kError = 2,
  kDone = 3,
  kNewLink = 16,
  kGetLink = 18,
  kSetLink = 19,
  kNewAddress = 20,
  kDeleteAddress = 21,
  kGetAddress = 22,
  kNewRoute = 24,
  kDeleteRoute = 25,
  kGetRoute = 26,
  kGetNeighbour = 30,
};
enum Flag : u16 { kRequest = 1, kMulti = 2, kAcknowledge = 4, kDump = 0x300 };

// One answer to one request: any number of messages.
class Writer {
 public:
  Writer(u32 sequence, u32 port) : sequence_(sequence), port_(port) {}

  // A message with its fixed part; attributes follow until end().
  template <class T>
  Status begin(u16 type, u16 flags, const T& body) {
    start_ = bytes_.size();
    const Header header{0, type, flags, sequence_, port_};
    TRY(add(&header, sizeof(header)));
    return add(&body, sizeof(body));
  }
  Status attribute(u16 type, const void* data, usize size) {
    const Attribute head{static_cast<u16>(sizeof(Attribute) + size), type};
    TRY(add(&head, sizeof(head)));
    return add(data, size);
  }
  template <class T>
  Status attribute(u16 type, const T& value) {
    return attribute(type, &value, sizeof(value));
  }
  void end() {
    const u32 length = static_cast<u32>(bytes_.size() - start_);
    std::memcpy(bytes_.data() + start_, &length, sizeof(length));
  }
  lib::Vector<u8> take() { return std::move(bytes_); }

 private:
  // Padded to four bytes.
  Status add(const void* data, usize size) {
    const usize at = bytes_.size(), padded = align_up(size, 4);
    TRY(bytes_.grow_by_doubling(at + padded));
    TRY(bytes_.resize(at + padded));
    if (size != 0) std::memcpy(bytes_.data() + at, data, size);
    return {};
  }
  const u32 sequence_, port_;
  lib::Vector<u8> bytes_;
  usize start_ = 0;
};

// The attributes of a request, by number; those that are absent are empty.
class Attributes {
 public:
  static constexpr usize kMost = 32;
  // EINVAL where they do not fit into each other.
  static Result<Attributes> parse(std::span<const u8> bytes) {
    Attributes result;
    while (bytes.size() >= sizeof(Attribute)) {
      Attribute head;
      std::memcpy(&head, bytes.data(), sizeof(head));
      if (head.length < sizeof(head) || head.length > bytes.size()) return Err(Errno::EINVAL);
      const u16 type = head.type & 0x3fff;
      if (type < kMost) result.found_[type] = bytes.subspan(sizeof(head), head.length - sizeof(head));
      bytes = bytes.subspan(std::min<usize>(align_up(head.length, 4), bytes.size()));
    }
    return result;
  }
  std::span<const u8> bytes(u16 type) const { return found_[type]; }
  u32 number(u16 type) const {
    u32 value = 0;
    std::memcpy(&value, found_[type].data(), std::min<usize>(found_[type].size(), sizeof(value)));
    return value;
  }
  std::string_view text(u16 type) const {
    const char* text = reinterpret_cast<const char*>(found_[type].data());
    return {text, strnlen(text, found_[type].size())};
  }

 private:
  std::span<const u8> found_[kMost];
};

}  // namespace net::netlink
