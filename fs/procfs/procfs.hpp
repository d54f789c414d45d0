// /proc: text about the kernel and its processes, made when a file is opened.
//
// This room knows files and directories; what is in them comes from the rooms above, which register functions: files of
// the kernel as a whole by name, files of each process through one ProcessSource. Nothing is stored: an open file keeps
// the text that was made for it.
#pragma once

#include <string_view>

#include "fs/vfs/inode.hpp"
#include "fs/vfs/path.hpp"
#include "fs/vfs/text.hpp"

namespace procfs {

using vfs::Text;

// Fills the text of /proc/NAME. May sleep.
using Generate = void (*)(Text& text);
// A name may have one folder in front ("net/dev"), which then exists.
// `name` lives as long as the kernel. During initialization. ENOMEM.
Status register_file(const char* name, Generate generate);

// A file /proc/NAME that root writes to; `write` gets what one write(2) brought. May sleep. During initialization.
// ENOMEM.
using Control = Status (*)(std::string_view text);
Status register_control(const char* name, Control write);

// The files of one process, in the order in which they are listed.
struct ProcessFile {
  const char* name;
  vfs::FileType type;  // Regular, or Symlink
  u32 permissions;
  // False: the process is gone.
  bool (*generate)(i32 pid, Text& text);
  // Symlinks: where opening it leads, whatever its text is now.
  Result<vfs::Path> (*place)(i32 pid) = nullptr;
};

// What the room of processes tells.
class ProcessSource {
 public:
  // The first process number that is at least `from`; 0: none.
  virtual i32 next(i32 from) = 0;
  virtual bool exists(i32 pid) = 0;
  virtual i32 current() = 0;
  virtual void owner(i32 pid, u32& uid, u32& gid) = 0;
  virtual std::span<const ProcessFile> files() = 0;
  // The first open descriptor that is at least `from`; -1: none.
  virtual int next_descriptor(i32 pid, int from) = 0;
  // The place of its open file: ENOENT. The text of a link to it; false: it is closed.
  virtual Result<vfs::Path> descriptor(i32 pid, int fd) = 0;
  virtual bool describe_descriptor(i32 pid, int fd, Text& text) = 0;

 protected:
  ~ProcessSource() = default;
};
void set_process_source(ProcessSource& source);

}  // namespace procfs
