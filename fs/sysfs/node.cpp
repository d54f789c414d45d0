#include "fs/sysfs/node.hpp"

#include <algorithm>
#include <cstring>

namespace sysfs {
namespace {

using vfs::FileType;

// Numbers follow from the path (FNV-1a over the names), so that they stay while nothing is stored.
u64 number_below(u64 folder, std::string_view name) {
  constexpr u64 kBasis = 0xcbf2'9ce4'8422'2325, kPrime = 0x100'0000'01b3;
  u64 hash = kBasis ^ folder * kPrime;
  for (const char c : name) hash = (hash ^ static_cast<u8>(c)) * kPrime;
  return hash | 2;  // never the root's
}

// An open file whose writes go to the object's function, each by itself.
class WritableFile final : public vfs::TextFile {
 public:
  WritableFile(vfs::Path path, u32 flags, Text text, const Entry& entry)
      : TextFile(std::move(path), flags, std::move(text)), entry_(entry) {}
  Result<usize> write(vfs::WriteBuffer& buffer, u64& position) override {
    const usize size = buffer.remaining();
    if (size > kMostWritten) return Err(Errno::EFBIG);
    lib::Vector<char> text;
    TRY(text.resize(size));
    if (buffer.take(text.data(), size) != size) return Err(Errno::EFAULT);
    TRY(entry_.write(entry_, {text.data(), size}));
    position += size;
    return size;
  }
  // A shell's > truncates.
  Status truncate(u64) override { return {}; }

 private:
  const Entry entry_;
};

class Node final : public vfs::Inode {
 public:
  Node(vfs::FileSystem& file_system, u64 number, const Entry& entry) : Inode(file_system), entry_(entry) {
    vfs::NewNode node;
    node.type = entry.type;
    node.permissions = entry.permissions;
    set_attributes(node);
    set_identity(number, entry.type);
    if (entry.type == FileType::Regular) set_size(kPageSize);  // as programs expect of /sys
  }
  bool names_are_stable() const override { return false; }

  Result<lib::Ref<vfs::Inode>> look_up(std::string_view name) override {
    const Entry child = TRY(find_child(entry_, name));
    return make_node(file_system(), number_below(number(), name), child);
  }

  Status list(u64 position, vfs::DirectorySink& sink) override {
    Entry child;
    for (u64 index = position < 2 ? 0 : position - 2; child_of(entry_, index, child); ++index) {
      if (!sink.add(child.name, number_below(number(), child.name), child.type, index + 3)) break;
    }
    return {};
  }

  Result<usize> read_link(std::span<char> buffer) override {
    if (entry_.type != FileType::Symlink) return Err(Errno::EINVAL);
    const Text text = TRY(generated());
    const usize length = std::min(buffer.size(), text.view().size());
    std::memcpy(buffer.data(), text.view().data(), length);
    return length;
  }

  // `>` of a shell truncates first; there is nothing to cut.
  Status truncate(u64) override { return entry_.write == nullptr ? Status(Err(Errno::EACCES)) : Status(); }

  Result<lib::Ref<vfs::File>> open(const vfs::Path& path, u32 flags, const vfs::Credentials& who) override {
    if (entry_.type == FileType::Directory) return Inode::open(path, flags, who);
    const u32 access = flags & vfs::open_flag::kAccessMask;
    const bool wants_read = access != vfs::open_flag::kWriteOnly, wants_write = access != vfs::open_flag::kReadOnly;
    // Root passes the permissions, but there is still nobody to ask.
    if ((wants_read && entry_.generate == nullptr) || (wants_write && entry_.write == nullptr)) {
      return Err(Errno::EACCES);
    }
    Text text;
    if (wants_read) text = TRY(generated());
    lib::Ref<vfs::File> file;
    if (wants_write) {
      file = TRY(lib::make_ref<WritableFile>(path, flags, std::move(text), entry_));
    } else {
      file = TRY(lib::make_ref<vfs::TextFile>(path, flags, std::move(text)));
    }
    return file;
  }

 private:
  Result<Text> generated() {
    Text text;
    TRY(entry_.generate(entry_, text));
    if (text.failed()) return Err(Errno::ENOMEM);
    return text;
  }

  const Entry entry_;
};

}  // namespace

Result<lib::Ref<vfs::Inode>> make_node(vfs::FileSystem& file_system, u64 number, const Entry& entry) {
  lib::Ref<vfs::Inode> node = TRY(lib::make_ref<Node>(file_system, number, entry));
  return node;
}

}  // namespace sysfs
