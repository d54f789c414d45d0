#include "kernel/syscall/control_data.hpp"

#include <algorithm>
#include <cstring>

#include "kernel/syscall/descriptor.hpp"
#include "kernel/syscall/path_argument.hpp"
#include "net/socket/options.hpp"

namespace syscall {
namespace {

// struct cmsghdr. Items start at multiples of 8.
struct Header {
  u64 length;  // with this header
  i32 level;
  i32 type;
};
static_assert(sizeof(Header) == 16);

constexpr i32 kRights = 1, kCredentials = 2;
constexpr i32 kIpPacketInfo = 8, kIpv6PacketInfo = 50, kLevelIp = 0, kLevelIpv6 = 41;
constexpr usize kMostFiles = 253;         // SCM_MAX_FD
constexpr usize kMostControl = 16 * KiB;  // as little as Linux allows by default

struct Ipv4PacketInfo {
  i32 interface;
  u8 source[4];
  u8 destination[4];
};
struct Ipv6PacketInfo {
  u8 source[16];
  u32 interface;
};

Status take_files(net::Outgoing& message, const u8* data, usize size) {
  const usize count = size / sizeof(i32);
  if (message.files.size() + count > kMostFiles) return Err(Errno::EINVAL);
  for (usize i = 0; i < count; ++i) {
    i32 fd = 0;
    std::memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
    auto file = TRY(file_of(fd));
    if (file->is_path_only()) return Err(Errno::EBADF);
    TRY(message.files.push(std::move(file)));
  }
  return {};
}

// A program may speak for itself only, in one of its own identities.
Status take_identity(net::Outgoing& message, const u8* data, usize size) {
  if (size != sizeof(net::Identity)) return Err(Errno::EINVAL);
  net::Identity wanted;
  std::memcpy(&wanted, data, sizeof(wanted));
  const vfs::Credentials& who = *proc::current_thread().credentials;
  const bool own_pid = wanted.pid == proc::current_process().pid || who.has(vfs::Capability::SysAdmin);
  const bool own_uid =
      wanted.uid == who.uid || wanted.uid == who.euid || wanted.uid == who.suid || who.has(vfs::Capability::Setuid);
  const bool own_gid =
      wanted.gid == who.gid || wanted.gid == who.egid || wanted.gid == who.sgid || who.has(vfs::Capability::Setgid);
  if (!own_pid || !own_uid || !own_gid) return Err(Errno::EPERM);
  message.has_identity = true;
  message.identity = wanted;
  return {};
}

Status take_packet_info(net::Outgoing& message, const Header& header, const u8* data, usize size) {
  if (header.level == kLevelIp) {
    Ipv4PacketInfo info;
    if (size != sizeof(info)) return Err(Errno::EINVAL);
    std::memcpy(&info, data, sizeof(info));
    message.interface = static_cast<u32>(info.interface);
    message.source.length = sizeof(info.source);
    std::memcpy(message.source.bytes, info.source, sizeof(info.source));
    return {};
  }
  Ipv6PacketInfo info;
  if (size != sizeof(info)) return Err(Errno::EINVAL);
  std::memcpy(&info, data, sizeof(info));
  message.interface = info.interface;
  message.source.length = sizeof(info.source);
  std::memcpy(message.source.bytes, info.source, sizeof(info.source));
  return {};
}

Status take_item(net::Outgoing& message, const Header& header, const u8* data, usize size) {
  if (header.level == net::kSolSocket && header.type == kRights) return take_files(message, data, size);
  if (header.level == net::kSolSocket && header.type == kCredentials) return take_identity(message, data, size);
  const bool is_info = (header.level == kLevelIp && header.type == kIpPacketInfo) ||
                       (header.level == kLevelIpv6 && header.type == kIpv6PacketInfo);
  if (is_info) return take_packet_info(message, header, data, size);
  return header.level == net::kSolSocket ? Status(Err(Errno::EINVAL)) : Status();
}

// Where items go in the program's buffer.
class Writer {
 public:
  Writer(VirtAddr to, usize size) : to_(to), left_(size) {}
  usize room() const { return left_ < sizeof(Header) ? 0 : left_ - sizeof(Header); }
  usize used() const { return used_; }
  Status put(i32 level, i32 type, const void* data, usize size) {
    const Header header{sizeof(Header) + size, level, type};
    TRY(mm::copy_to_user(to_, &header, sizeof(header)));
    TRY(mm::copy_to_user(to_ + sizeof(header), data, size));
    const usize step = std::min<usize>(align_up(sizeof(header) + size, 8), left_);
    to_ += step;
    left_ -= step;
    used_ += step;
    return {};
  }

 private:
  VirtAddr to_;
  usize left_;
  usize used_ = 0;
};

Status put_files(Writer& writer, net::Incoming& message) {
  if (message.files.empty()) return {};
  const usize room = writer.room() / sizeof(i32);
  const usize count = std::min(room, message.files.size());
  const bool close_on_exec = (message.flags & net::message_flag::kCloseOnExec) != 0;
  lib::Vector<i32> numbers;
  TRY(numbers.reserve(count));
  for (usize i = 0; i < count; ++i) {
    const auto fd = install_file(message.files[i], close_on_exec);
    if (!fd) break;
    TRY(numbers.push(*fd));
  }
  if (numbers.size() < message.files.size()) message.out_flags |= net::message_flag::kControlTruncated;
  if (numbers.empty()) return {};
  return writer.put(net::kSolSocket, kRights, numbers.data(), numbers.size() * sizeof(i32));
}

}  // namespace

Status read_control(net::Outgoing& message, VirtAddr control, usize size) {
  if (size > kMostControl) return Err(Errno::ENOBUFS);
  lib::Vector<u8> bytes;
  TRY(bytes.resize(size));
  TRY(mm::copy_from_user(bytes.data(), control, size));
  for (usize at = 0; at + sizeof(Header) <= size;) {
    Header header;
    std::memcpy(&header, bytes.data() + at, sizeof(header));
    if (header.length < sizeof(header) || header.length > size - at) return Err(Errno::EINVAL);
    TRY(take_item(message, header, bytes.data() + at + sizeof(header), header.length - sizeof(header)));
    at += align_up(header.length, 8);
  }
  return {};
}

Result<usize> write_control(net::Incoming& message, VirtAddr control, usize size) {
  Writer writer(control, size);
  const auto put_if_room = [&](i32 level, i32 type, const void* data, usize length) -> Status {
    if (writer.room() >= length) return writer.put(level, type, data, length);
    message.out_flags |= net::message_flag::kControlTruncated;
    return {};
  };
  for (usize i = 0; i < message.item_count; ++i) {
    const net::ControlItem& item = message.items[i];
    TRY(put_if_room(item.level, item.type, item.bytes, item.length));
  }
  if (message.has_identity) {
    TRY(put_if_room(net::kSolSocket, kCredentials, &message.identity, sizeof(message.identity)));
  }
  TRY(put_files(writer, message));
  return writer.used();
}

}  // namespace syscall
