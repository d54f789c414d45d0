#include "kernel/proc/process.hpp"

namespace proc {

vfs::Path Directories::root() {
  return paths_.with([](Paths& paths) { return paths.root; });
}

vfs::Path Directories::current() {
  return paths_.with([](Paths& paths) { return paths.current; });
}

// The old path goes outside the lock: dropping it may free a mount.
void Directories::set_root(vfs::Path path) {
  paths_.with([&](Paths& paths) { std::swap(paths.root, path); });
}

void Directories::set_current(vfs::Path path) {
  paths_.with([&](Paths& paths) { std::swap(paths.current, path); });
}

Result<lib::Ref<Directories>> Directories::clone() {
  auto copy = TRY(lib::make_ref<Directories>());
  copy->set_root(root());
  copy->set_current(current());
  copy->umask_.store(umask());
  return copy;
}

}  // namespace proc
