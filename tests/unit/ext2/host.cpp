#include "tests/unit/ext2/host.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "fs/ext2/ext2.hpp"

namespace test {
namespace {

std::string scratch() {
  static const std::string name = "/tmp/halyard-ext2-test-" + std::to_string(getpid());
  return name;
}

Image load() {
  std::ifstream in(scratch(), std::ios::binary);
  return Image(std::istreambuf_iterator<char>(in), {});
}

int run(const std::string& command, std::string* output) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return -1;
  char piece[256];
  while (fgets(piece, sizeof(piece), pipe) != nullptr) {
    if (output != nullptr) *output += piece;
  }
  const int status = pclose(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

Image make_image(const std::string& options, u32 kibibytes) {
  std::string said;
  const std::string file = scratch();
  const int status = run("PATH=$PATH:/usr/sbin:/sbin; rm -f " + file + "; truncate -s " + std::to_string(kibibytes) +
                             "K " + file + " && mke2fs -q -t ext2 -F " + options + " " + file,
                         &said);
  if (status != 0) std::fprintf(stderr, "mke2fs: %s\n", said.c_str());
  Image image = load();
  unlink(file.c_str());
  return image;
}

int check_image(const Image& image, bool repair, Image* repaired, std::string* said) {
  {
    std::ofstream out(scratch(), std::ios::binary);
    out.write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
  }
  std::string output;
  const int status =
      run(std::string("PATH=$PATH:/usr/sbin:/sbin; e2fsck -f ") + (repair ? "-p " : "-n ") + scratch(), &output);
  if (repaired != nullptr) *repaired = load();
  if (said != nullptr) *said = output;
  unlink(scratch().c_str());
  return status;
}

Ext2Host::Ext2Host(lib::Ref<FakeDisk> disk, bool read_only) : disk_(std::move(disk)) {
  root_ = *lib::make_ref<vfs::Credentials>();
  auto mounted = ext2::Ext2::mount(lib::Ref<block::Device>(disk_.get()), read_only, "");
  if (!mounted) {
    error_ = mounted.error();
    return;
  }
  auto inode = (*mounted)->root();
  if (!inode) {
    error_ = inode.error();
    return;
  }
  auto dentry = vfs::Dentry::make_root(*inode);
  file_system_ = *mounted;
  mount_ = *lib::make_ref<vfs::Mount>(file_system_, *dentry, read_only ? vfs::mount_flag::kReadOnly : 0, 1);
}

Ext2Host::~Ext2Host() { unmount(); }

void Ext2Host::unmount() {
  if (!mount_) return;
  vfs::Dentry::drop_unused_below(mount_->root());
  mount_.reset();
  file_system_.reset();
}

vfs::WalkContext Ext2Host::context() { return {mount_->root_path(), mount_->root_path(), *root_}; }

Result<lib::Ref<vfs::File>> Ext2Host::open(const std::string& path, u32 flags, u32 permissions) {
  return vfs::open(context(), path, flags, permissions);
}

Status Ext2Host::append(vfs::File& file, const std::string& bytes) {
  vfs::WriteBuffer buffer = vfs::WriteBuffer::kernel(bytes.data(), bytes.size());
  const usize done = TRY(file.write_at_offset(buffer));
  return done == bytes.size() ? Status() : Err(Errno::ENOSPC);
}

Status Ext2Host::write_file(const std::string& path, const std::string& bytes, bool sync) {
  using namespace vfs::open_flag;
  auto file = TRY(open(path, kReadWrite | kCreate | kTruncate));
  TRY(append(*file, bytes));
  return sync ? file->sync(false) : Status();
}

Result<std::string> Ext2Host::read_file(const std::string& path) {
  auto file = TRY(open(path, vfs::open_flag::kReadOnly));
  std::string bytes(file->inode()->size(), 0);
  vfs::ReadBuffer buffer = vfs::ReadBuffer::kernel(bytes.data(), bytes.size());
  bytes.resize(TRY(file->read_at_offset(buffer)));
  return bytes;
}

Status Ext2Host::link(const std::string& from, const std::string& to) {
  const vfs::Path target = TRY(vfs::resolve(context(), from, vfs::Follow::No));
  return vfs::make_link(context(), target, to);
}

Result<std::vector<std::string>> Ext2Host::list(const std::string& path) {
  struct Sink final : vfs::DirectorySink {
    std::vector<std::string> names;
    bool add(std::string_view name, u64, vfs::FileType, u64) override {
      names.emplace_back(name);
      return names.size() < 100000;
    }
  } sink;
  const vfs::Path place = TRY(vfs::resolve(context(), path));
  auto inode = place.inode();
  TRY(inode->names.with([&](vfs::Inode::Names&) { return inode->list(0, sink); }));
  return sink.names;
}

}  // namespace test
