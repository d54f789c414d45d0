#include "userland/init/mounts.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "userland/init/log.hpp"

namespace init {
namespace {

constexpr const char* kNewRoot = "/mnt/root";
constexpr long kTmpfsMagic = 0x01021994, kRamfsMagic = static_cast<long>(0x858458f6);

struct SystemMount {
  const char* type;
  const char* point;
  unsigned long flags;
  const char* options;
};
constexpr SystemMount kSystemMounts[] = {
    {"devtmpfs", "/dev", MS_NOSUID, ""},
    {"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666"},
    {"tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"},
    {"proc", "/proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, ""},
    {"sysfs", "/sys", MS_NOSUID | MS_NOEXEC | MS_NODEV, ""},
    {"tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755"},
    {"tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777"},
};

bool is_mount_point(const std::string& path) {
  struct stat here, above;
  if (stat(path.c_str(), &here) != 0 || stat((path + "/..").c_str(), &above) != 0) return false;
  return here.st_dev != above.st_dev || here.st_ino == above.st_ino;
}

bool root_is_in_memory() {
  struct statfs info;
  return statfs("/", &info) == 0 && (info.f_type == kTmpfsMagic || info.f_type == kRamfsMagic);
}

// Removes what is below a directory, on its own file system only.
void empty(int directory, dev_t device) {
  DIR* entries = fdopendir(directory);
  if (entries == nullptr) return;
  while (const dirent* entry = readdir(entries)) {
    if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
    struct stat st;
    if (fstatat(dirfd(entries), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_dev != device) continue;
    if (S_ISDIR(st.st_mode)) {
      const int below = openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (below >= 0) empty(below, device);
      unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
    } else {
      unlinkat(dirfd(entries), entry->d_name, 0);
    }
  }
  closedir(entries);
}

// A program's status, -1 where it has none; its output goes to `output` where that is given.
int run(const std::vector<const char*>& words, std::string* output = nullptr) {
  int pipe[2] = {-1, -1};
  if (output != nullptr && pipe2(pipe, O_CLOEXEC) != 0) return -1;
  const pid_t pid = fork();
  if (pid == 0) {
    if (output != nullptr) dup2(pipe[1], STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const char* word : words) arguments.push_back(const_cast<char*>(word));
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  if (output != nullptr) {
    close(pipe[1]);
    char piece[256];
    for (ssize_t got; (got = read(pipe[0], piece, sizeof piece)) > 0;) output->append(piece, static_cast<size_t>(got));
    close(pipe[0]);
  }
  int status = -1;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// e2fsck's status: 0 clean, 1 repaired, 2 as well and a mounted disk would need a new start, which this one does not;
// from 4 on not repaired (e2fsck(8)).
bool check_disk(const std::string& device) {
  constexpr const char* kChecker = "/sbin/e2fsck";
  if (access(kChecker, X_OK) != 0) {
    warn("there is no %s: %s is not checked", kChecker, device.c_str());
    return true;
  }
  const int status = run({kChecker, "-p", device.c_str()});
  if (status >= 1 && status < 4) say("%s was repaired", device.c_str());
  if (status >= 0 && status < 4) return true;
  warn("e2fsck -p %s ended with status %d: repair it by hand (e2fsck -f %s)", device.c_str(), status, device.c_str());
  return false;
}

// The device of root=, which may name a file system by what is in it: UUID=..., LABEL=... Empty if there is none.
std::string root_device(const std::string& named) {
  if (!named.starts_with("UUID=") && !named.starts_with("LABEL=")) return access(named.c_str(), F_OK) == 0 ? named : "";
  std::string device;
  run({"/sbin/findfs", named.c_str()}, &device);
  return device.substr(0, device.find('\n'));
}

bool enter_new_root() {
  for (const char* point : {"/dev", "/proc", "/sys", "/run", "/tmp"}) {
    if (!is_mount_point(point)) continue;
    const std::string target = std::string(kNewRoot) + point;
    if (mount(point, target.c_str(), nullptr, MS_MOVE, nullptr) == 0) continue;
    warn("%s cannot be moved to the disk: %s", point, std::strerror(errno));
    umount2(point, MNT_DETACH);
  }
  const int old_root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat old_stat;
  fstat(old_root, &old_stat);
  if (chdir(kNewRoot) != 0 || mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || chroot(".") != 0 || chdir("/") != 0) {
    warn("the root cannot be moved: %s", std::strerror(errno));
    close(old_root);
    return false;
  }
  empty(old_root, old_stat.st_dev);
  return true;
}

std::vector<std::string> mount_points() {
  std::vector<std::string> points;
  std::ifstream mounts("/proc/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string source, point;
    if (fields >> source >> point) points.push_back(point);
  }
  return points;
}

}  // namespace

void mount_system() {
  for (const SystemMount& entry : kSystemMounts) {
    mkdir(entry.point, 0755);
    if (is_mount_point(entry.point)) continue;
    if (mount(entry.type, entry.point, entry.type, entry.flags, entry.options) == 0 || errno == ENODEV) continue;
    warn("%s cannot be mounted: %s", entry.point, std::strerror(errno));
  }
}

std::string kernel_option(const std::string& name) {
  std::ifstream file("/proc/cmdline");
  std::string found;
  for (std::string word; file >> word;) {
    if (word.starts_with(name + "=")) found = word.substr(name.size() + 1);
  }
  return found;
}

bool has_kernel_word(const std::string& wanted) {
  std::ifstream file("/proc/cmdline");
  for (std::string word; file >> word;) {
    if (word == wanted) return true;
  }
  return false;
}

void switch_to_root_disk() {
  const std::string named = kernel_option("root");
  if (named.empty() || !root_is_in_memory()) return;
  const std::string device = root_device(named);
  if (device.empty()) {
    say("root=%s: there is no such device; running from memory", named.c_str());
    return;
  }
  if (!check_disk(device)) return;
  mkdir("/mnt", 0755);
  mkdir(kNewRoot, 0755);
  const std::string asked = kernel_option("rootfstype");
  const std::string type = asked.empty() ? "ext2" : asked;
  if (mount(device.c_str(), kNewRoot, type.c_str(), MS_RDONLY, nullptr) != 0) {
    warn("root=%s cannot be mounted as %s: %s; running from memory", device.c_str(), type.c_str(),
         std::strerror(errno));
    return;
  }
  const std::string program = std::string(kNewRoot) + "/sbin/init";
  if (access(program.c_str(), X_OK) != 0) {
    warn("root=%s has no /sbin/init; running from memory", device.c_str());
    umount2(kNewRoot, 0);
    return;
  }
  if (!enter_new_root()) return;
  execl("/sbin/init", "init", nullptr);
  warn("/sbin/init of the disk does not start: %s", std::strerror(errno));
}

void make_root_writable() {
  if (root_is_in_memory() || has_kernel_word("ro")) return;
  if (mount(nullptr, "/", nullptr, MS_REMOUNT, nullptr) != 0) {
    warn("the root stays read-only: %s", std::strerror(errno));
  }
}

void unmount_all() {
  sync();
  auto points = mount_points();
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    if (*point == "/" || *point == "/proc" || point->starts_with("/dev")) continue;
    if (umount2(point->c_str(), 0) != 0) umount2(point->c_str(), MNT_DETACH);
  }
  if (!root_is_in_memory() && mount(nullptr, "/", nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) {
    warn("the root cannot be made read-only: %s", std::strerror(errno));
  }
  sync();
}

}  // namespace init
