// From path names to places: the walk, and everything that changes names.
//
// Paths come with their length, without the NUL. Errors are Linux's: ENOENT, ENOTDIR, EACCES, ELOOP (40 symlinks),
// ENAMETOOLONG. All may sleep.
#pragma once

#include "fs/vfs/file.hpp"
#include "fs/vfs/path.hpp"

namespace vfs {

enum class Follow : u8 { No, Yes };  // a symlink as the last component

Result<Path> resolve(const WalkContext& context, std::string_view path, Follow follow = Follow::Yes);

// The directory and the last component, for calls that make or remove a name. The name is a view into `path`.
struct LastName {
  Path directory;
  std::string_view name;
  bool trailing_slash = false;
  bool is_special = false;  // "." or ".." or the root: no name to make or remove
};
Result<LastName> resolve_parent(const WalkContext& context, std::string_view path);

// The entry for `name` in a directory, negative if there is no such file. The names lock is held.
Result<lib::Ref<Dentry>> look_up_locked(Dentry& directory, Inode& inode, std::string_view name);

// `flags` as open_flag; `permissions` with the umask applied. EISDIR, EEXIST, ENXIO, EROFS, ETXTBSY, ...
Result<lib::Ref<File>> open(const WalkContext& context, std::string_view path, u32 flags, u32 permissions);
// Opens a place that was found already.
Result<lib::Ref<File>> open_path(const Path& path, u32 flags, const Credentials& who);

Status make_node(const WalkContext& context, std::string_view path, const NewNode& node,
                 lib::Ref<Inode>* made = nullptr);
Status make_directory(const WalkContext& context, std::string_view path, u32 permissions);
Status make_symlink(const WalkContext& context, std::string_view target, std::string_view path);
Status make_link(const WalkContext& context, const Path& target, std::string_view path);
Status remove_name(const WalkContext& context, std::string_view path);
Status remove_directory(const WalkContext& context, std::string_view path);
namespace rename_flag {
inline constexpr u32 kNoReplace = 1, kExchange = 2;
}
Status rename(const WalkContext& from_context, std::string_view from, const WalkContext& to_context,
              std::string_view to, u32 flags);

}  // namespace vfs
