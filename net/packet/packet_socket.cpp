// AF_PACKET: whole frames (SOCK_RAW) or their contents (SOCK_DGRAM), straight from and to an interface.
//
// Everything is under the core lock, since frames are tapped with it held. Loopback has no frames here.

#include <algorithm>

#include "hal/cpu.hpp"
#include "kernel/lib/subsystem.hpp"
#include "net/device/interface.hpp"
#include "net/device/tap.hpp"
#include "net/inet/core.hpp"
#include "net/packet/bpf.hpp"
#include "net/socket/socket.hpp"

namespace net::packet {
namespace {

using namespace vfs::poll_event;
using namespace message_flag;

constexpr u16 kAllProtocols = 3;  // ETH_P_ALL
constexpr u16 kTypeEthernet = 1;  // ARPHRD_ETHER
constexpr usize kEthernetHeader = 14;
constexpr int kSolPacket = 263, kAuxiliaryData = 8, kStatistics = 6;
enum PacketType : u8 { kHost = 0, kToBroadcast = 1, kToGroup = 2, kOtherHost = 3, kOutgoing = 4 };

// struct sockaddr_ll.
struct LinkAddress {
  u16 family;
  u16 protocol;  // network byte order
  i32 interface;
  u16 hardware_type;
  u8 packet_type;
  u8 length;
  u8 address[8];
};
static_assert(sizeof(LinkAddress) == 20);

// struct tpacket_auxdata.
struct AuxiliaryData {
  u32 status, length, captured;
  u16 link_offset, network_offset, vlan, vlan_protocol;
};
static_assert(sizeof(AuxiliaryData) == 20);
constexpr u32 kStatusUser = 1;

constexpr u16 swap16(u16 value) { return static_cast<u16>(value << 8 | value >> 8); }

struct Frame : lib::ListNode {
  pbuf* data = nullptr;  // contiguous
  LinkAddress from{};
  u32 length = 0;  // as it was on the wire, without what SOCK_DGRAM leaves away
  static void destroy(Frame* frame) {
    pbuf_free(frame->data);
    lib::destroy(frame);
  }
};

struct SocketTag;
class PacketSocket;
extern lib::List<PacketSocket, SocketTag> g_sockets;  // core lock

class PacketSocket final : public Socket, public lib::TaggedListNode<SocketTag> {
 public:
  PacketSocket(vfs::Path path, u32 flags, u32 type, u32 protocol)
      : Socket(std::move(path), flags, family::kPacket, type, protocol), wanted_(swap16(static_cast<u16>(protocol))) {
    inet::with_core([&] { g_sockets.push_back(*this); });
  }
  ~PacketSocket() override {
    inet::CoreLock lock;
    g_sockets.erase(g_sockets.iterator_to(*this));
    while (!queue_.empty()) {
      Frame* frame = &queue_.front();
      queue_.pop_front();
      Frame::destroy(frame);
    }
  }

  Status bind(const SocketAddress& address) override {
    const auto wanted = TRY(address.as<LinkAddress>());
    if (wanted.family != family::kPacket) return Err(Errno::EINVAL);
    CoreLock lock;
    if (wanted.interface != 0 && find_interface(static_cast<u32>(wanted.interface)) == nullptr) {
      return Err(Errno::ENODEV);
    }
    interface_ = static_cast<u32>(wanted.interface);
    if (wanted.protocol != 0) wanted_ = swap16(wanted.protocol);
    return {};
  }

  Result<SocketAddress> local_address() override {
    LinkAddress address{};
    address.family = family::kPacket;
    CoreLock lock;
    address.protocol = swap16(wanted_);
    address.interface = static_cast<i32>(interface_);
    if (const Interface* interface = find_interface(interface_)) {
      address.hardware_type = kTypeEthernet;
      address.length = 6;
      std::memcpy(address.address, interface->lwip.hwaddr, 6);
    }
    return SocketAddress::of(address);
  }
  Result<SocketAddress> peer_address() override { return Err(Errno::EOPNOTSUPP); }

  Result<usize> send(Outgoing& message) override {
    LinkAddress to{};
    if (message.to != nullptr) to = TRY(message.to->as<LinkAddress>());
    const usize size = message.data.remaining();
    const usize header = is_cooked() ? kEthernetHeader : 0;
    if (!is_cooked() && size < kEthernetHeader) return Err(Errno::EINVAL);
    if (size > 1500 + kEthernetHeader - header) return Err(Errno::EMSGSIZE);
    pbuf* frame = pbuf_alloc(PBUF_RAW, static_cast<u16>(size + header), PBUF_RAM);
    if (frame == nullptr) return Err(Errno::ENOBUFS);
    u8* bytes = static_cast<u8*>(frame->payload);
    Status result;
    if (message.data.take(bytes + header, size) != size) result = Err(Errno::EFAULT);
    CoreLock lock;
    if (result) result = send_frame(frame, to);
    pbuf_free(frame);
    if (!result) return Err(result.error());
    return size;
  }

  Result<usize> receive(Incoming& message) override {
    for (;;) {
      const auto got = take(message);
      if (got || got.error() != Errno::EAGAIN || must_not_wait(message.flags)) return got;
      TRY(wait_on(changed_, options().receive_timeout_ns,
                  [&] { return inet::with_core([&] { return !queue_.empty(); }); }));
    }
  }

  u32 poll(vfs::PollTable* table) override {
    if (table != nullptr) table->add(changed_);
    CoreLock lock;
    return kOut | kWriteNormal | (queue_.empty() ? 0 : kIn | kReadNormal);
  }

  Status set_option(int level, int name, std::span<const u8> value) override {
    if (level == kSolSocket && name == socket_option::kAttachFilter) return attach_filter(value);
    if (level == kSolSocket && name == socket_option::kDetachFilter) {
      CoreLock lock;
      if (filter_.empty()) return Err(Errno::ENOENT);
      filter_.clear();
      return {};
    }
    if (level == kSolPacket && name == kAuxiliaryData) {
      const bool on = TRY(option_argument<i32>(value)) != 0;
      inet::with_core([&] { wants_auxiliary_ = on; });
      return {};
    }
    return Socket::set_option(level, name, value);
  }

  Result<OptionValue> get_option(int level, int name) override {
    if (level == kSolPacket && name == kStatistics) {
      CoreLock lock;
      const u32 counts[2] = {std::exchange(seen_, 0), std::exchange(dropped_, 0)};
      return OptionValue::of(counts);
    }
    return Socket::get_option(level, name);
  }

  void tap(Interface& interface, pbuf* frame, bool outgoing);

 protected:
  Result<usize> readable_bytes() override {
    return inet::with_core([&] { return queue_.empty() ? usize{0} : usize{queue_.front().data->tot_len}; });
  }

 private:
  using CoreLock = inet::CoreLock;
  // Without the Ethernet header, which the address stands for.
  bool is_cooked() const { return type() == socket_type::kDatagram; }

  Status send_frame(pbuf* frame, const LinkAddress& to) {
    const u32 index = to.interface != 0 ? static_cast<u32>(to.interface) : interface_;
    Interface* interface = find_interface(index);
    if (interface == nullptr) return Err(Errno::ENXIO);
    if (!netif_is_up(&interface->lwip)) return Err(Errno::ENETDOWN);
    if (is_cooked()) {
      if (to.family != family::kPacket) return Err(Errno::EDESTADDRREQ);
      u8* header = static_cast<u8*>(frame->payload);
      std::memcpy(header, to.address, 6);
      std::memcpy(header + 6, interface->lwip.hwaddr, 6);
      const u16 protocol = to.protocol != 0 ? to.protocol : swap16(wanted_);
      std::memcpy(header + 12, &protocol, sizeof(protocol));
    }
    return interface->send(frame);
  }

  Result<usize> take(Incoming& message) {
    CoreLock lock;
    if (queue_.empty()) return Err(Errno::EAGAIN);
    Frame& frame = queue_.front();
    const usize size = frame.data->tot_len;
    const usize copied = message.data.put(frame.data->payload, size);
    if (copied < size && !message.data.empty()) return Err(Errno::EFAULT);
    if (copied < size) message.out_flags |= kTruncated;
    message.from = SocketAddress::of(frame.from);
    if (wants_auxiliary_) {
      const u16 network = is_cooked() ? 0 : static_cast<u16>(kEthernetHeader);
      message.add_item(kSolPacket, kAuxiliaryData,
                       AuxiliaryData{kStatusUser, frame.length, static_cast<u32>(size), 0, network, 0, 0});
    }
    if ((message.flags & kPeek) == 0) {
      queue_.pop_front();
      queued_ -= size + sizeof(Frame);
      Frame::destroy(&frame);
    }
    return (message.flags & kTruncated) != 0 ? size : copied;
  }

  Status attach_filter(std::span<const u8> value) {
    // struct sock_fprog.
    struct Program {
      u16 count;
      u16 padding[3];
      u64 instructions;
    };
    const auto given = TRY(option_argument<Program>(value));
    if (given.count == 0 || given.count > bpf::kMostInstructions) return Err(Errno::EINVAL);
    lib::Vector<bpf::Instruction> program;
    TRY(program.resize(given.count));
    TRY(mm::copy_from_user(program.data(), given.instructions, program.size() * sizeof(bpf::Instruction)));
    if (!bpf::check(program)) return Err(Errno::EINVAL);
    CoreLock lock;
    std::swap(filter_, program);
    return {};
  }

  // All of these: core lock.
  u16 wanted_;         // protocol, host byte order; 0: nothing
  u32 interface_ = 0;  // 0: any
  bool wants_auxiliary_ = false;
  lib::Vector<bpf::Instruction> filter_;
  lib::List<Frame> queue_;
  usize queued_ = 0;
  u32 seen_ = 0, dropped_ = 0;
  sync::WaitQueue changed_;
};

lib::List<PacketSocket, SocketTag> g_sockets;

PacketType type_of(const Interface& interface, const u8* header, bool outgoing) {
  constexpr u8 kBroadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  if (outgoing) return kOutgoing;
  if (std::memcmp(header, kBroadcast, 6) == 0) return kToBroadcast;
  if ((header[0] & 1) != 0) return kToGroup;
  return std::memcmp(header, interface.lwip.hwaddr, 6) == 0 ? kHost : kOtherHost;
}

void PacketSocket::tap(Interface& interface, pbuf* original, bool outgoing) {
  const u32 index = netif_get_index(&interface.lwip);
  if (interface_ != 0 && interface_ != index) return;
  u8 header[kEthernetHeader];
  if (pbuf_copy_partial(original, header, sizeof(header), 0) != sizeof(header)) return;
  const u16 protocol = static_cast<u16>(header[12] << 8 | header[13]);
  // Who asked for one protocol gets what comes in; who asked for all sees also what goes out.
  if (wanted_ != kAllProtocols && (wanted_ != protocol || outgoing)) return;
  pbuf* copy = pbuf_clone(PBUF_RAW, PBUF_RAM, original);
  if (copy == nullptr) return;
  if (is_cooked()) pbuf_remove_header(copy, kEthernetHeader);
  const PacketType type = type_of(interface, header, outgoing);
  const u32 length = copy->tot_len;
  if (!filter_.empty()) {
    const std::span<const u8> bytes{static_cast<const u8*>(copy->payload), copy->len};
    const u32 passes = bpf::run(filter_, bytes, {protocol, type, index, kTypeEthernet});
    if (passes < length) pbuf_realloc(copy, static_cast<u16>(passes));
    if (passes == 0) {
      pbuf_free(copy);
      return;
    }
  }
  ++seen_;
  Frame* frame = queued_ + length > options().receive_buffer ? nullptr : lib::try_new<Frame>();
  if (frame == nullptr) {
    ++dropped_;
    pbuf_free(copy);
    return;
  }
  frame->data = copy;
  frame->length = length;
  frame->from = {family::kPacket, swap16(protocol), static_cast<i32>(index), kTypeEthernet, type, 6, {}};
  std::memcpy(frame->from.address, header + 6, 6);
  queued_ += copy->tot_len + sizeof(Frame);
  queue_.push_back(*frame);
  changed_.wake_all(kIn | kReadNormal);
}

void tap_all(Interface& interface, pbuf* frame, bool outgoing) {
  for (PacketSocket& socket : g_sockets) socket.tap(interface, frame, outgoing);
}

Result<lib::Ref<Socket>> make(u32 type, u32 protocol, u32 flags) {
  if (!current_caller().may(vfs::Capability::NetRaw)) return Err(Errno::EPERM);
  if (type != socket_type::kRaw && type != socket_type::kDatagram) return Err(Errno::ESOCKTNOSUPPORT);
  const vfs::Path path = TRY(socket_path());
  lib::Ref<Socket> socket = TRY(lib::make_ref<PacketSocket>(path, flags | vfs::open_flag::kReadWrite, type, protocol));
  return socket;
}

class PacketSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "packet-sockets"; }
  void on_early_init(kernel::Kernel&) override {
    register_family({family::kPacket, make, nullptr});
    set_tap(tap_all);
  }
};
REGISTER_SUBSYSTEM(PacketSubsystem);

}  // namespace
}  // namespace net::packet
