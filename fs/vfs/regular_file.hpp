// An open regular file: read() and write() through the page cache that mmap() shares.
#pragma once

#include "fs/vfs/file.hpp"

namespace vfs {

class RegularFile : public File {
 public:
  RegularFile(Path path, u32 flags);
  ~RegularFile() override;

  Result<usize> read(ReadBuffer& buffer, u64& position) override;
  Result<usize> write(WriteBuffer& buffer, u64& position) override;
  bool has_position() const override { return true; }
  Result<u64> seek(i64 offset, Whence whence) override;
  u32 poll(PollTable*) override {
    return poll_event::kIn | poll_event::kOut | poll_event::kReadNormal | poll_event::kWriteNormal;
  }
  Status sync(bool data_only) override;
  Status truncate(u64 size) override;
  Result<lib::Ref<mm::VmObject>> mapping() override;

 private:
  const lib::Ref<Inode> inode_;  // the name may go; the file stays
  std::atomic<u32> errors_seen_ = 0;
};

}  // namespace vfs
