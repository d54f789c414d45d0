#include "fs/vfs/mapping_name.hpp"

#include "fs/vfs/mount.hpp"

namespace vfs {
namespace {

class FileName final : public mm::MappingName {
 public:
  explicit FileName(lib::Ref<File> file) : file_(std::move(file)) {}
  usize text(char* buffer, usize capacity) override {
    return path_text(file_->path(), first_root(), {buffer, capacity}, true).value_or(0);
  }
  u64 device() const override { return file_->inode()->file_system().device(); }
  u64 inode() const override { return file_->inode()->number(); }

 private:
  const lib::Ref<File> file_;
};

}  // namespace

Result<lib::Ref<mm::MappingName>> mapping_name(lib::Ref<File> file) {
  lib::Ref<mm::MappingName> name = TRY(lib::make_ref<FileName>(std::move(file)));
  return name;
}

}  // namespace vfs
