// /sys: the kernel's objects as folders, their attributes as files of one text each.
//
// This room knows folders, files and links; what is in them is asked of functions whenever somebody looks, so that
// nothing is stored here that could grow old. Places are registered by path; the folders on the way come of themselves.
// Two names for one registered folder merge: its registered children come first, then those it makes.
//
// The table of places is complete after initialization and has no lock. The functions run with the folder's names
// locked (LockClass::Directory) and may take what comes behind that.
#pragma once

#include <string_view>

#include "fs/vfs/text.hpp"
#include "fs/vfs/types.hpp"

namespace sysfs {

using vfs::Text;

inline constexpr usize kNameSize = 48;  // with the NUL
inline constexpr usize kKeySize = 32;
// The longest text that one write() hands to a writable file.
inline constexpr usize kMostWritten = 64 * KiB;

// One name in /sys. Plain data, copied about; `subject` lives as long as the kernel, and an object that may go sooner
// is named by `key` and looked up each time.
struct Entry {
  char name[kNameSize] = {};
  vfs::FileType type = vfs::FileType::Regular;
  u32 permissions = 0444;
  const void* subject = nullptr;
  char key[kKeySize] = {};

  // Directories: child number `index` into `child`; false: there are no more.
  bool (*child)(const Entry& self, usize index, Entry& child) = nullptr;
  // Files: the text. Links: where they lead. ENODEV: the object went. May sleep.
  Status (*generate)(const Entry& self, Text& text) = nullptr;
  // What one write() brought. Null: the file cannot be written. May sleep.
  Status (*write)(const Entry& self, std::string_view text) = nullptr;

  void set_name(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void set_key(std::string_view text);
  // A key that is a number, for those who have nothing better.
  void set_number(u64 number);
  u64 number() const;
  void set_directory(bool (*children)(const Entry& self, usize index, Entry& child));
};

// Puts an entry at /sys/PATH ("class/net"); its name is the path's last part. During initialization. EINVAL for a part
// that is too long, ENOMEM. `path` lives as long as the kernel.
Status register_entry(const char* path, const Entry& entry);

// The short form for a file: `generate` may be null where nothing can be read, `write` where nothing can be written.
using Generate = void (*)(Text& text);
using Write = Status (*)(std::string_view text);
Status register_file(const char* path, Generate generate, Write write = nullptr);

// For children that follow from a table: a file or a link of the same subject and key as `self`.
struct Attribute {
  const char* name;
  Status (*generate)(const Entry& self, Text& text);
  vfs::FileType type = vfs::FileType::Regular;
};
void set_attribute(const Entry& self, const Attribute& attribute, Entry& child);

}  // namespace sysfs
