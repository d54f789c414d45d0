// The walk along a path name.

#include <cstring>

#include "fs/vfs/mount.hpp"
#include "fs/vfs/namei.hpp"

namespace vfs {
namespace {

constexpr u32 kMaxSymlinks = 40;  // as Linux: MAXSYMLINKS

// One walk. What is left of a path whose symlink is being followed waits on a list, not on the kernel's stack, which is
// too small for forty of them.
class Walk {
 public:
  Walk(const WalkContext& context) : context_(context), at_(context.current) {}

  // Walks all of `path`. The last component is left to the caller if `stop_at_last`.
  Status run(std::string_view path, bool stop_at_last, bool follow_last) {
    TRY(begin(path));
    for (;;) {
      while (!rest_.empty() && rest_.front() == '/') rest_.remove_prefix(1);
      if (rest_.empty()) {
        if (outer_.empty()) break;
        TRY(end_link());
        continue;
      }
      const std::string_view name = take_name();
      const bool slash_follows = !rest_.empty();
      const bool is_last = outer_.empty() && rest_.find_first_not_of('/') == std::string_view::npos;
      if (is_last && stop_at_last) {
        last_ = name;
        trailing_slash_ = slash_follows;
        return must_search();
      }
      const bool is_link = TRY(step(name, !is_last || follow_last || slash_follows));
      if (slash_follows && !is_link) TRY(must_be_directory());
    }
    last_ = {};
    return {};
  }

  Path& place() { return at_; }
  std::string_view last() const { return last_; }
  bool trailing_slash() const { return trailing_slash_; }

 private:
  // What is left of a path, or of a symlink's text, while a symlink in it is followed.
  struct Outer {
    lib::Vector<char> link;  // the symlink's text, which is being walked
    std::string_view rest;
  };

  Status begin(std::string_view text) {
    if (text.empty()) return Err(Errno::ENOENT);
    if (text.size() >= kPathMax) return Err(Errno::ENAMETOOLONG);
    if (text.front() == '/') at_ = context_.root;
    rest_ = text;
    return {};
  }

  std::string_view take_name() {
    const std::string_view name = rest_.substr(0, rest_.find('/'));
    rest_.remove_prefix(name.size());
    return name;
  }

  // The symlink's text is walked: on with what followed it.
  Status end_link() {
    rest_ = outer_[outer_.size() - 1].rest;
    outer_.pop();
    return rest_.empty() ? Status() : must_be_directory();
  }

  Status must_be_directory() { return at_.inode()->is_directory() ? Status() : Status(Err(Errno::ENOTDIR)); }

  Status must_search() {
    lib::Ref<Inode> directory = at_.inode();
    if (!directory->is_directory()) return Err(Errno::ENOTDIR);
    return check_permission(*directory, context_.who, Permission::Execute);
  }

  // One name. True if it was a symlink whose text is to be walked now.
  Result<bool> step(std::string_view name, bool follow) {
    TRY(must_search());
    if (name == ".") return false;
    if (name == "..") {
      go_up();
      return false;
    }
    if (name.size() > kNameMax) return Err(Errno::ENAMETOOLONG);
    lib::Ref<Dentry> next = TRY(child(name));
    lib::Ref<Inode> inode = next->inode();
    if (!inode) return Err(Errno::ENOENT);
    Path place(at_.mount_ref(), std::move(next));
    if (inode->type() == FileType::Symlink && follow) return follow_link(*inode);
    at_ = top_of(std::move(place));
    return false;
  }

  void go_up() {
    while (!(at_ == context_.root)) {
      if (&at_.dentry() != &at_.mount().root()) {
        at_ = top_of(Path(at_.mount_ref(), at_.dentry().parent()));
        return;
      }
      Path below = covered_by(at_);
      if (below == at_) return;
      at_ = std::move(below);
    }
  }

  Result<lib::Ref<Dentry>> child(std::string_view name) {
    lib::Ref<Inode> directory = at_.inode();
    if (directory->names_are_stable()) {
      if (lib::Ref<Dentry> cached = Dentry::find(at_.dentry(), name)) return cached;
    }
    return directory->names.with([&](Inode::Names& names) -> Result<lib::Ref<Dentry>> {
      if (names.is_removed) return Err(Errno::ENOENT);
      return look_up_locked(at_.dentry(), *directory, name);
    });
  }

  Result<bool> follow_link(Inode& link) {
    if (++links_followed_ > kMaxSymlinks) return Err(Errno::ELOOP);
    Path target;
    if (TRY(link.follow(&target))) {
      at_ = std::move(target);
      return false;
    }
    Outer outer{{}, rest_};
    TRY(outer.link.resize(kPathMax));
    const usize length = TRY(link.read_link(outer.link));
    const std::string_view text(outer.link.data(), length);
    TRY(outer_.push(std::move(outer)));
    TRY(begin(text));
    return true;
  }

  const WalkContext& context_;
  Path at_;
  std::string_view rest_;
  lib::Vector<Outer> outer_;
  std::string_view last_;
  bool trailing_slash_ = false;
  u32 links_followed_ = 0;
};

// File systems whose names come and go by themselves (/proc) make an inode for each look-up. As long as it says the
// same as the one before, the old name stays, so that open files keep theirs.
bool is_same_file(const lib::Ref<Inode>& known, const lib::Ref<Inode>& found) {
  if (known == found) return true;
  if (!known || !found) return false;
  const Attributes a = known->attributes(), b = found->attributes();
  return a.inode == b.inode && a.type == b.type && a.permissions == b.permissions && a.uid == b.uid && a.gid == b.gid;
}

}  // namespace

Result<lib::Ref<Dentry>> look_up_locked(Dentry& directory, Inode& inode, std::string_view name) {
  const bool cached_names = inode.names_are_stable();
  if (cached_names) {
    if (lib::Ref<Dentry> cached = Dentry::find(directory, name)) return cached;
  }
  auto found = inode.look_up(name);
  if (!found && found.error() != Errno::ENOENT) return Err(found.error());
  lib::Ref<Inode> target = found ? std::move(*found) : lib::Ref<Inode>();
  if (!cached_names) {
    if (lib::Ref<Dentry> stale = Dentry::find(directory, name)) {
      if (is_same_file(stale->inode(), target)) return stale;
      stale->unlink();
    }
  }
  return Dentry::add(directory, name, std::move(target));
}

Result<Path> resolve(const WalkContext& context, std::string_view path, Follow follow) {
  Walk walk(context);
  TRY(walk.run(path, false, follow == Follow::Yes));
  return std::move(walk.place());
}

Result<LastName> resolve_parent(const WalkContext& context, std::string_view path) {
  Walk walk(context);
  TRY(walk.run(path, true, false));
  LastName result;
  result.directory = std::move(walk.place());
  result.name = walk.last();
  result.trailing_slash = walk.trailing_slash();
  result.is_special = result.name.empty() || result.name == "." || result.name == "..";
  if (result.name.size() > kNameMax) return Err(Errno::ENAMETOOLONG);
  return result;
}

}  // namespace vfs
