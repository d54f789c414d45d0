// An ext2 file system under test: made by mke2fs, mounted by our code, looked at by e2fsck.
#pragma once

#include <string>

#include "fs/vfs/mount.hpp"
#include "fs/vfs/namei.hpp"
#include "tests/unit/fake/disk.hpp"

namespace test {

using Image = FakeDisk::Image;

// `options` for mke2fs; the size in KiB.
Image make_image(const std::string& options, u32 kibibytes);
// e2fsck's exit status; `repaired` gets what it made of the image. What it said is printed if the status is unexpected.
int check_image(const Image& image, bool repair, Image* repaired = nullptr, std::string* said = nullptr);

// Mounted at the root of a tree of its own, with files by path.
class Ext2Host {
 public:
  explicit Ext2Host(lib::Ref<FakeDisk> disk, bool read_only = false);
  ~Ext2Host();
  bool is_mounted() const { return static_cast<bool>(file_system_); }
  Errno mount_error() const { return error_; }
  FakeDisk& disk() { return *disk_; }
  vfs::FileSystem& file_system() { return *file_system_; }
  vfs::WalkContext context();

  Result<lib::Ref<vfs::File>> open(const std::string& path, u32 flags, u32 permissions = 0644);
  Status write_file(const std::string& path, const std::string& bytes, bool sync = false);
  Result<std::string> read_file(const std::string& path);
  Status append(vfs::File& file, const std::string& bytes);
  Status make_directory(const std::string& path) { return vfs::make_directory(context(), path, 0755); }
  Status remove(const std::string& path) { return vfs::remove_name(context(), path); }
  Status remove_directory(const std::string& path) { return vfs::remove_directory(context(), path); }
  Status rename(const std::string& from, const std::string& to, u32 flags = 0) {
    return vfs::rename(context(), from, context(), to, flags);
  }
  Status link(const std::string& from, const std::string& to);
  Status sync() { return file_system_->sync(); }
  Result<std::vector<std::string>> list(const std::string& path);
  // Writes everything and lets go of the disk.
  void unmount();

 private:
  lib::Ref<FakeDisk> disk_;
  lib::Ref<vfs::FileSystem> file_system_;
  lib::Ref<vfs::Mount> mount_;
  lib::Ref<vfs::Credentials> root_;
  Errno error_{};
};

}  // namespace test
