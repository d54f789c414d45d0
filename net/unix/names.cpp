#include "net/unix/names.hpp"

#include <algorithm>

#include "fs/vfs/namei.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/lib/hash.hpp"

namespace net::unix_domain {
namespace {

struct Entry : lib::ListNode {
  lib::Ref<vfs::Inode> inode;  // null: an abstract name
  SocketAddress name;
  End* end = nullptr;
};

constexpr usize kBuckets = 64;
struct Table {
  lib::List<Entry> buckets[kBuckets];
};
sync::Locked<Table, sync::LockClass::UnixNames> g_names;
std::atomic<u32> g_next_automatic = 0;

std::string_view text_of(const SocketAddress& address) {
  return {reinterpret_cast<const char*>(address.bytes), address.length};
}
usize bucket_of(const vfs::Inode& inode) { return lib::mix(reinterpret_cast<VirtAddr>(&inode)) % kBuckets; }
usize bucket_of(const SocketAddress& name) { return lib::fnv1a(text_of(name)) % kBuckets; }

bool is_abstract(const SocketAddress& address) {
  return address.length > kPathOffset && address.bytes[kPathOffset] == 0;
}

// The path in an address: up to a NUL or its end.
std::string_view path_of(const SocketAddress& address) {
  const char* path = reinterpret_cast<const char*>(address.bytes) + kPathOffset;
  return {path, strnlen(path, address.length - kPathOffset)};
}

Status check(const SocketAddress& address) {
  if (address.length <= kPathOffset || address.length > kPathOffset + kMostPath) return Err(Errno::EINVAL);
  if (address.family() != family::kUnix) return Err(Errno::EINVAL);
  return {};
}

template <class Is>
Entry* find_in(lib::List<Entry>& bucket, Is is) {
  for (Entry& entry : bucket) {
    if (is(entry)) return &entry;
  }
  return nullptr;
}

// With a NUL behind a path, as Linux reports it.
void set_name(End& end, const SocketAddress& name) {
  end.state.with([&](End::State& state) { state.name = name; });
}

bool is_named(End& end) {
  return end.state.with([](End::State& state) { return state.name.length != 0; });
}

Status bind_abstract(End& end, const SocketAddress& address) {
  auto entry = TRY(lib::make_own<Entry>());
  entry->name = address;
  entry->end = &end;
  TRY(g_names.with([&](Table& table) -> Status {
    auto& bucket = table.buckets[bucket_of(address)];
    const auto same = [&](Entry& other) { return !other.inode && text_of(other.name) == text_of(address); };
    if (find_in(bucket, same) != nullptr) return Err(Errno::EADDRINUSE);
    bucket.push_back(*entry.release());
    return {};
  }));
  set_name(end, address);
  return {};
}

// Five hexadecimal digits, as Linux does it.
Status bind_automatic(End& end) {
  for (u32 attempt = 0; attempt < (1 << 20); ++attempt) {
    SocketAddress name;
    const u16 family_number = family::kUnix;
    std::memcpy(name.bytes, &family_number, sizeof(family_number));
    char digits[8];
    lib::format_into(digits, sizeof(digits), "%05x", g_next_automatic.fetch_add(1) & 0xfffff);
    std::memcpy(name.bytes + kPathOffset + 1, digits, 5);
    name.length = kPathOffset + 6;
    const Status bound = bind_abstract(end, name);
    if (bound || bound.error() != Errno::EADDRINUSE) return bound;
  }
  return Err(Errno::ENOSPC);
}

Status bind_path(End& end, const SocketAddress& address) {
  const Caller caller = current_caller();
  const vfs::WalkContext context{caller.root(), caller.current(), *caller.who};
  auto entry = TRY(lib::make_own<Entry>());
  vfs::NewNode node;
  node.type = vfs::FileType::Socket;
  node.permissions = 0777 & ~caller.umask;
  lib::Ref<vfs::Inode> inode;
  const Status made = vfs::make_node(context, path_of(address), node, &inode);
  if (!made) return Err(made.error() == Errno::EEXIST ? Errno::EADDRINUSE : made.error());
  SocketAddress name = address;
  name.length = kPathOffset + path_of(address).size() + 1;
  entry->inode = inode;
  entry->name = name;
  entry->end = &end;
  g_names.with([&](Table& table) { table.buckets[bucket_of(*inode)].push_back(*entry.release()); });
  set_name(end, name);
  return {};
}

lib::Ref<End> find_abstract(const SocketAddress& address) {
  return g_names.with([&](Table& table) {
    const auto same = [&](Entry& other) { return !other.inode && text_of(other.name) == text_of(address); };
    Entry* entry = find_in(table.buckets[bucket_of(address)], same);
    return lib::Ref<End>(entry == nullptr ? nullptr : entry->end);
  });
}

Result<lib::Ref<End>> find_path(const SocketAddress& address) {
  const Caller caller = current_caller();
  const vfs::WalkContext context{caller.root(), caller.current(), *caller.who};
  const vfs::Path place = TRY(vfs::resolve(context, path_of(address)));
  lib::Ref<vfs::Inode> inode = place.inode();
  TRY(vfs::check_permission(*inode, *caller.who, vfs::Permission::Write));
  if (inode->type() != vfs::FileType::Socket) return Err(Errno::ECONNREFUSED);
  return g_names.with([&](Table& table) {
    Entry* entry = find_in(table.buckets[bucket_of(*inode)], [&](Entry& other) { return other.inode == inode; });
    return lib::Ref<End>(entry == nullptr ? nullptr : entry->end);
  });
}

}  // namespace

Status bind_name(End& end, const SocketAddress& address) {
  if (address.family() != family::kUnix) return Err(Errno::EINVAL);
  if (is_named(end)) return Err(Errno::EINVAL);
  if (address.length == kPathOffset) return bind_automatic(end);
  TRY(check(address));
  return is_abstract(address) ? bind_abstract(end, address) : bind_path(end, address);
}

Result<lib::Ref<End>> find_end(const SocketAddress& address, u32 type) {
  TRY(check(address));
  lib::Ref<End> end = is_abstract(address) ? find_abstract(address) : TRY(find_path(address));
  if (!end) return Err(Errno::ECONNREFUSED);
  if (end->type != type) return Err(Errno::EPROTOTYPE);
  return end;
}

void forget_name(End& end) {
  if (!is_named(end)) return;
  Entry* found = g_names.with([&](Table& table) -> Entry* {
    for (auto& bucket : table.buckets) {
      Entry* entry = find_in(bucket, [&](Entry& other) { return other.end == &end; });
      if (entry == nullptr) continue;
      bucket.erase(bucket.iterator_to(*entry));
      return entry;
    }
    return nullptr;
  });
  lib::destroy(found);
}

void list_names(void (*visit)(void* context, End& end), void* context) {
  g_names.with([&](Table& table) {
    for (auto& bucket : table.buckets) {
      for (Entry& entry : bucket) visit(context, *entry.end);
    }
  });
}

}  // namespace net::unix_domain
