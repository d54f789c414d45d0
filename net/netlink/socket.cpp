// AF_NETLINK sockets of the protocol NETLINK_ROUTE: a request is answered at once, into the queue of its own socket.

#include <algorithm>

#include "kernel/lib/subsystem.hpp"
#include "net/netlink/route.hpp"
#include "net/socket/socket.hpp"

namespace net::netlink {
namespace {

using namespace vfs::poll_event;
using namespace message_flag;

constexpr u32 kRouteProtocol = 0;
constexpr usize kMostRequest = 16 * KiB;

// struct sockaddr_nl.
struct NetlinkAddress {
  u16 family, padding;
  u32 port;
  u32 groups;
};

struct Answer : lib::ListNode {
  lib::Vector<u8> bytes;
};

std::atomic<u32> g_next_port = 0x80000000;

class NetlinkSocket final : public Socket {
 public:
  NetlinkSocket(vfs::Path path, u32 flags, u32 type)
      : Socket(std::move(path), flags, family::kNetlink, type, kRouteProtocol) {}
  ~NetlinkSocket() override {
    auto& queue = state_.unshared().queue;
    while (!queue.empty()) {
      Answer* answer = &queue.front();
      queue.pop_front();
      lib::destroy(answer);
    }
  }

  Status bind(const SocketAddress& address) override {
    const auto wanted = TRY(address.as<NetlinkAddress>());
    if (wanted.family != family::kNetlink) return Err(Errno::EINVAL);
    // Nothing is multicast here, so nobody may wait for it.
    if (wanted.groups != 0) return Err(Errno::EOPNOTSUPP);
    state_.with([&](State& state) { state.port = wanted.port != 0 ? wanted.port : own_port(state); });
    return {};
  }
  Status connect(const SocketAddress& address) override {
    const auto wanted = TRY(address.as<NetlinkAddress>());
    return wanted.port == 0 ? Status() : Status(Err(Errno::ECONNREFUSED));
  }
  Result<SocketAddress> local_address() override {
    const u32 port = state_.with([](State& state) { return state.port; });
    return SocketAddress::of(NetlinkAddress{family::kNetlink, 0, port, 0});
  }
  Result<SocketAddress> peer_address() override { return SocketAddress::of(NetlinkAddress{family::kNetlink, 0, 0, 0}); }

  Result<usize> send(Outgoing& message) override {
    if (message.to != nullptr && TRY(message.to->as<NetlinkAddress>()).port != 0) return Err(Errno::ECONNREFUSED);
    const usize size = message.data.remaining();
    if (size > kMostRequest) return Err(Errno::EMSGSIZE);
    lib::Vector<u8> bytes;
    TRY(bytes.resize(size));
    if (message.data.take(bytes.data(), size) != size) return Err(Errno::EFAULT);
    std::span<const u8> left = bytes;
    while (left.size() >= sizeof(Header)) {
      Header header;
      std::memcpy(&header, left.data(), sizeof(header));
      if (header.length < sizeof(header) || header.length > left.size()) break;
      TRY(answer(header, left.subspan(sizeof(header), header.length - sizeof(header))));
      left = left.subspan(std::min<usize>(align_up(header.length, 4), left.size()));
    }
    return size;
  }

  Result<usize> receive(Incoming& message) override {
    for (;;) {
      const auto got = take(message);
      if (got || got.error() != Errno::EAGAIN || must_not_wait(message.flags)) return got;
      TRY(wait_on(changed_, options().receive_timeout_ns,
                  [&] { return state_.with([](State& state) { return !state.queue.empty(); }); }));
    }
  }

  u32 poll(vfs::PollTable* table) override {
    if (table != nullptr) table->add(changed_);
    const bool is_empty = state_.with([](State& state) { return state.queue.empty(); });
    return kOut | kWriteNormal | (is_empty ? 0 : kIn | kReadNormal);
  }

 private:
  struct State {
    u32 port = 0;
    lib::List<Answer> queue;
  };

  static u32 own_port(State& state) {
    if (state.port == 0) state.port = g_next_port.fetch_add(1);
    return state.port;
  }

  Status answer(const Header& request, std::span<const u8> body) {
    if ((request.flags & kRequest) == 0) return {};
    const u32 port = state_.with([](State& state) { return own_port(state); });
    Writer writer(request.sequence, port);
    const Status done = handle(request, body, writer);
    const bool is_dump = (request.flags & kDump) != 0 && request.type % 4 == 2;
    if (done && is_dump) {
      TRY(writer.begin<i32>(kDone, kMulti, 0));
      writer.end();
    } else if (!done || (request.flags & kAcknowledge) != 0) {
      // struct nlmsgerr: the error, and the request's header.
      struct {
        i32 error;
        Header request;
      } const report{done ? 0 : -static_cast<i32>(done.error()), request};
      TRY(writer.begin(kError, 0, report));
      writer.end();
    }
    auto fresh = TRY(lib::make_own<Answer>());
    fresh->bytes = writer.take();
    if (fresh->bytes.empty()) return {};
    state_.with([&](State& state) { state.queue.push_back(*fresh.release()); });
    changed_.wake_all(kIn | kReadNormal);
    return {};
  }

  Result<usize> take(Incoming& message) {
    Answer* done = nullptr;
    const auto result = state_.with([&](State& state) -> Result<usize> {
      if (state.queue.empty()) return Err(Errno::EAGAIN);
      Answer& answer = state.queue.front();
      const usize size = answer.bytes.size();
      const usize copied = message.data.put(answer.bytes.data(), size);
      if (copied < size) message.out_flags |= kTruncated;
      message.from = SocketAddress::of(NetlinkAddress{family::kNetlink, 0, 0, 0});
      if ((message.flags & kPeek) == 0) {
        state.queue.pop_front();
        done = &answer;
      }
      return (message.flags & kTruncated) != 0 ? size : copied;
    });
    lib::destroy(done);
    return result;
  }

  sync::Locked<State, sync::LockClass::Socket> state_;
  sync::WaitQueue changed_;
};

Result<lib::Ref<Socket>> make(u32 type, u32 protocol, u32 flags) {
  if (type != socket_type::kRaw && type != socket_type::kDatagram) return Err(Errno::ESOCKTNOSUPPORT);
  if (protocol != kRouteProtocol) return Err(Errno::EPROTONOSUPPORT);
  const vfs::Path path = TRY(socket_path());
  lib::Ref<Socket> socket = TRY(lib::make_ref<NetlinkSocket>(path, flags | vfs::open_flag::kReadWrite, type));
  return socket;
}

class NetlinkSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "netlink"; }
  void on_early_init(kernel::Kernel&) override { register_family({family::kNetlink, make, nullptr}); }
};
REGISTER_SUBSYSTEM(NetlinkSubsystem);

}  // namespace
}  // namespace net::netlink
