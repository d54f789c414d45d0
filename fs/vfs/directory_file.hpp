// An open directory: the entries, one after the other.
#pragma once

#include "fs/vfs/file.hpp"

namespace vfs {

// Position 0 is ".", 1 is "..", and from 2 on the file system's own positions.
class DirectoryFile final : public File {
 public:
  using File::File;
  Result<usize> read(ReadBuffer&, u64&) override { return Err(Errno::EISDIR); }
  Result<usize> write(WriteBuffer&, u64&) override { return Err(Errno::EBADF); }
  Result<u64> seek(i64 offset, Whence whence) override;
  bool has_position() const override { return true; }
  Status list(DirectorySink& sink) override;
  Status sync(bool data_only) override { return inode()->sync(data_only); }
};

}  // namespace vfs
