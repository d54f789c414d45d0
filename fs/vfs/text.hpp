// Text that is made when a file is opened: /proc and /sys.
//
// A Text belongs to whoever makes it and has no lock. A TextFile owns the one that was made for it, which never
// changes.
#pragma once

#include <string_view>

#include "fs/vfs/file.hpp"
#include "kernel/lib/vector.hpp"

namespace vfs {

// Text that grows. A piece that finds no memory is lost, and failed() says so.
class Text {
 public:
  void print(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void add(std::string_view text);
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  bool failed() const { return failed_; }

 private:
  lib::Vector<char> bytes_;
  bool failed_ = false;
};

// An open file: the text as it was when it was opened.
class TextFile : public File {
 public:
  TextFile(Path path, u32 flags, Text text) : File(std::move(path), flags), text_(std::move(text)) {}
  Result<usize> read(ReadBuffer& buffer, u64& position) override;
  bool has_position() const override { return true; }
  Result<u64> seek(i64 offset, Whence whence) override;

 private:
  const Text text_;
};

}  // namespace vfs
