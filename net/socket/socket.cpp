#include "net/socket/socket.hpp"

#include "fs/vfs/anonymous.hpp"
#include "hal/timer.hpp"

namespace net {
namespace {

using namespace socket_option;

constexpr u32 kFionread = 0x541b, kSiocoutq = 0x5411;

CallerSource g_caller_source = nullptr;
InterfaceControl g_interface_control = nullptr;
InterfaceNames g_interface_names = {};
constexpr usize kMaxFamilies = 8;
Family g_families[kMaxFamilies];
usize g_family_count = 0;

const Family* find_family(int number) {
  for (usize i = 0; i < g_family_count; ++i) {
    if (g_families[i].number == number) return &g_families[i];
  }
  return nullptr;
}

Result<i64> put_count(Result<usize> count, VirtAddr argument) {
  TRY(mm::UserOut<i32>(argument).put(static_cast<i32>(TRY(std::move(count)))));
  return 0;
}

Result<u32> interface_of(std::span<const u8> value) {
  usize length = 0;
  while (length < value.size() && value[length] != 0) ++length;
  if (length == 0) return u32{0};
  const std::string_view name(reinterpret_cast<const char*>(value.data()), length);
  const u32 index = g_interface_names.index_of == nullptr ? 0 : g_interface_names.index_of(name);
  if (index == 0) return Err(Errno::ENODEV);
  return index;
}

}  // namespace

constinit const vfs::FileKind Socket::kKind{};

void set_caller_source(CallerSource source) { g_caller_source = source; }
Caller current_caller() { return g_caller_source(); }
void set_interface_control(InterfaceControl control) { g_interface_control = control; }
void set_interface_names(const InterfaceNames& names) { g_interface_names = names; }

Status Socket::bind(const SocketAddress&) { return Err(Errno::EOPNOTSUPP); }
Status Socket::listen(int) { return Err(Errno::EOPNOTSUPP); }
Result<lib::Ref<Socket>> Socket::accept(u32, SocketAddress&) { return Err(Errno::EOPNOTSUPP); }
Status Socket::connect(const SocketAddress&) { return Err(Errno::EOPNOTSUPP); }
Status Socket::shutdown(Shutdown) { return Err(Errno::EOPNOTSUPP); }
Result<SocketAddress> Socket::local_address() { return Err(Errno::EOPNOTSUPP); }
Result<SocketAddress> Socket::peer_address() { return Err(Errno::ENOTCONN); }

Result<usize> Socket::read(vfs::ReadBuffer& buffer, u64&) {
  Incoming message(buffer, 0);
  return receive(message);
}

Result<usize> Socket::write(vfs::WriteBuffer& buffer, u64&) {
  Outgoing message(buffer, 0);
  return send(message);
}

Result<i64> Socket::control(u32 request, VirtAddr argument) {
  if (request == kFionread) return put_count(readable_bytes(), argument);
  if (request == kSiocoutq) return put_count(unsent_bytes(), argument);
  if (g_interface_control == nullptr) return Err(Errno::ENOTTY);
  return g_interface_control(request, argument);
}

Status Socket::set_option(int level, int name, std::span<const u8> value) {
  if (level != kSolSocket) return Err(Errno::ENOPROTOOPT);
  if (name == kBindToDevice) {
    const u32 index = TRY(interface_of(value));
    options_.with([&](SocketOptions& options) { options.interface = index; });
  } else {
    const bool privileged = current_caller().may(vfs::Capability::NetAdmin);
    TRY(options_.with([&](SocketOptions& options) { return set_common_option(options, name, value, privileged); }));
  }
  options_changed(name);
  return {};
}

Result<OptionValue> Socket::get_option(int level, int name) {
  if (level != kSolSocket) return Err(Errno::ENOPROTOOPT);
  switch (name) {
    case kType: return OptionValue::of(type_);
    case kDomain: return OptionValue::of<i32>(family_);
    case kProtocol: return OptionValue::of(protocol_);
    case kError: return OptionValue::of(take_error());
    case kAcceptsConnections: return OptionValue::of<i32>(accepts_connections() ? 1 : 0);
    case kPeerCredentials: return OptionValue::of(peer_identity());
    case kBindToDevice: {
      OptionValue result;
      const u32 index = options().interface;
      if (index != 0 && g_interface_names.name_of != nullptr) {
        result.length = g_interface_names.name_of(index, {reinterpret_cast<char*>(result.bytes), 16}) + 1;
      }
      return result;
    }
    default: return get_common_option(options(), name);
  }
}

u64 Socket::wait_deadline(u64 timeout_ns) {
  return timeout_ns == 0 ? sync::kNoDeadline : hal::monotonic_ns() + timeout_ns;
}

Status Socket::finish_wait(Status waited, u64 timeout_ns) {
  if (waited) return {};
  if (waited.error() == Errno::ETIMEDOUT) return Err(Errno::EAGAIN);
  if (waited.error() == Errno::ERESTARTSYS && timeout_ns != 0) return Err(Errno::EINTR);
  return waited;
}

Result<Socket*> socket_of(vfs::File& file) {
  if (file.kind() != &Socket::kKind) return Err(Errno::ENOTSOCK);
  return static_cast<Socket*>(&file);
}

void register_family(const Family& family) {
  if (g_family_count < kMaxFamilies) g_families[g_family_count++] = family;
}

Result<lib::Ref<Socket>> make_socket(int family, u32 type, u32 protocol, u32 flags) {
  const Family* found = find_family(family);
  if (found == nullptr) return Err(Errno::EAFNOSUPPORT);
  return found->make(type, protocol, flags);
}

Status make_socket_pair(int family, u32 type, u32 protocol, u32 flags, lib::Ref<Socket> (&pair)[2]) {
  const Family* found = find_family(family);
  if (found == nullptr) return Err(Errno::EAFNOSUPPORT);
  if (found->make_pair == nullptr) return Err(Errno::EOPNOTSUPP);
  return found->make_pair(type, protocol, flags, pair);
}

Result<vfs::Path> socket_path() { return vfs::anonymous_path("socket", vfs::FileType::Socket); }

}  // namespace net
