// The devices that are no hardware: null, zero, full, random, urandom, kmsg (character major 1).

#include <algorithm>

#include "fs/vfs/special.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/memory_object.hpp"
#include "kernel/random/random.hpp"

namespace devfs {
namespace {

constexpr u32 kMemoryMajor = 1;

class NullFile : public vfs::File {
 public:
  using File::File;
  Result<usize> read(vfs::ReadBuffer&, u64&) override { return usize{0}; }
  Result<usize> write(vfs::WriteBuffer& buffer, u64&) override { return buffer.skip(buffer.remaining()); }
  bool has_position() const override { return true; }
  Result<u64> seek(i64, vfs::Whence) override { return u64{0}; }
};

class ZeroFile : public NullFile {
 public:
  using NullFile::NullFile;
  Result<usize> read(vfs::ReadBuffer& buffer, u64&) override {
    const usize wanted = buffer.remaining();
    const usize done = buffer.put_zeros(wanted);
    if (done == 0 && wanted != 0) return Err(Errno::EFAULT);
    return done;
  }
  Result<lib::Ref<mm::VmObject>> mapping() override {
    lib::Ref<mm::VmObject> object = TRY(mm::MemoryObject::create(~u64{0} >> 1));
    return object;
  }
};

class FullFile final : public ZeroFile {
 public:
  using ZeroFile::ZeroFile;
  Result<usize> write(vfs::WriteBuffer&, u64&) override { return Err(Errno::ENOSPC); }
};

class RandomFile final : public NullFile {
 public:
  using NullFile::NullFile;
  Result<usize> read(vfs::ReadBuffer& buffer, u64&) override {
    if (inode()->attributes().device_number.minor == 8) TRY(wait_until_seeded());
    usize done = 0;
    u8 bytes[256];
    while (!buffer.empty()) {
      const usize piece = std::min(buffer.remaining(), sizeof(bytes));
      entropy::fill(bytes, piece);
      const usize moved = buffer.put(bytes, piece);
      done += moved;
      if (moved != piece) break;
    }
    if (done == 0 && !buffer.empty()) return Err(Errno::EFAULT);
    return done;
  }
  // What programs write is stirred in, and counts for nothing.
  Result<usize> write(vfs::WriteBuffer& buffer, u64&) override {
    usize done = 0;
    u8 bytes[256];
    while (const usize got = buffer.take(bytes, sizeof(bytes))) {
      entropy::stir(bytes, got, 0);
      done += got;
    }
    return done;
  }

 private:
  Status wait_until_seeded() {
    if (entropy::is_seeded()) return {};
    if (is_nonblocking()) return Err(Errno::EAGAIN);
    return entropy::wait_until_seeded();
  }
};

// "<6>" before a message says how serious it is, as for Linux; what stands above the level bits is the facility.
struct Level {
  hal_log_level_t level = HAL_LOG_NOTICE;
  usize skipped = 0;
};
Level leading_level(std::string_view text) {
  constexpr u64 kLevelMask = 7;
  const usize end = text.find('>');
  if (!text.starts_with('<') || end == text.npos || end > 4) return {};
  const auto number = lib::parse_number(text.substr(1, end - 1));
  if (!number) return {};
  return {static_cast<hal_log_level_t>(*number & kLevelMask), end + 1};
}

// /dev/kmsg: a line of the log for each read, a line into it for each write.
class KmsgFile final : public vfs::File {
 public:
  using File::File;
  Result<usize> read(vfs::ReadBuffer& buffer, u64&) override {
    auto line = TRY(lib::make_own<diag::LogLine>());
    if (!diag::read_log(next_, *line)) return Err(Errno::EAGAIN);
    using Text = std::array<char, diag::kLogLineMax + 64>;
    auto text = TRY(lib::make_own<Text>());
    const usize length =
        lib::format_into(text->data(), text->size(), "%d,%lu,%lu,-;%.*s\n", line->level, line->sequence,
                         line->time_ns / 1000, static_cast<int>(line->length), line->text);
    if (buffer.remaining() < length) return Err(Errno::EINVAL);
    next_ = line->sequence + 1;
    if (buffer.put(text->data(), length) != length) return Err(Errno::EFAULT);
    return length;
  }
  Result<usize> write(vfs::WriteBuffer& buffer, u64&) override {
    char text[diag::kLogLineMax];
    const usize total = buffer.remaining();
    usize length = buffer.take(text, sizeof(text) - 1);
    if (length == 0 && total != 0) return Err(Errno::EFAULT);
    buffer.skip(buffer.remaining());
    while (length != 0 && text[length - 1] == '\n') --length;
    text[length] = 0;
    const auto [level, skipped] = leading_level(text);
    diag::log(level, "user", "%s", text + skipped);
    return total;
  }
  Result<u64> seek(i64 offset, vfs::Whence whence) override {
    if (offset != 0) return Err(Errno::EINVAL);
    next_ = whence == vfs::Whence::End ? diag::next_log_sequence() : 0;
    return u64{0};
  }

 private:
  u64 next_ = 0;
};

template <class Kind>
Result<lib::Ref<vfs::File>> make(const vfs::Path& path, u32 flags) {
  lib::Ref<vfs::File> file = TRY(lib::make_ref<Kind>(path, flags));
  return file;
}

Result<lib::Ref<vfs::File>> open_memory_device(void*, vfs::DeviceNumber number, const vfs::Path& path, u32 flags) {
  switch (number.minor) {
    case 3: return make<NullFile>(path, flags);
    case 5: return make<ZeroFile>(path, flags);
    case 7: return make<FullFile>(path, flags);
    case 8:
    case 9: return make<RandomFile>(path, flags);
    case 11: return make<KmsgFile>(path, flags);
    default: return Err(Errno::ENXIO);
  }
}

class MemoryDevices final : public kernel::Subsystem {
 public:
  const char* name() const override { return "memory-devices"; }
  void on_late_init(kernel::Kernel&) override {
    const Status registered =
        vfs::register_device(vfs::FileType::Character, kMemoryMajor, 0, 12, open_memory_device, nullptr);
    if (!registered) LOG_ERROR("devfs", "no memory for the memory devices");
  }
};
REGISTER_SUBSYSTEM(MemoryDevices);

}  // namespace
}  // namespace devfs
