/* Names: directories, links, renames, attributes. */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>

static void touch(const char* name) {
  int fd = open(name, O_WRONLY | O_CREAT, 0644);
  CHECK(fd >= 0);
  close(fd);
}

static int exists(const char* name) {
  struct stat status;
  return lstat(name, &status) == 0;
}

static int count_entries(const char* name) {
  DIR* directory = opendir(name);
  CHECK(directory != NULL);
  int count = 0;
  while (readdir(directory) != NULL) ++count;
  closedir(directory);
  return count;
}

CASE(directory_make_and_remove) {
  CHECK(mkdir("d", 0755) == 0);
  CHECK_ERROR(mkdir("d", 0755), EEXIST);
  CHECK_ERROR(mkdir("no/d", 0755), ENOENT);
  touch("d/file");
  CHECK_ERROR(rmdir("d"), ENOTEMPTY);
  CHECK(unlink("d/file") == 0);
  CHECK_ERROR(unlink("d"), EISDIR);
  CHECK(rmdir("d") == 0);
  CHECK_ERROR(rmdir("d"), ENOENT);
  touch("f");
  CHECK_ERROR(rmdir("f"), ENOTDIR);
  CHECK_ERROR(rmdir("."), EINVAL);
}

CASE(directory_link_counts) {
  struct stat status;
  CHECK(mkdir("d", 0755) == 0 && mkdir("d/a", 0755) == 0 && mkdir("d/b", 0755) == 0);
  CHECK(stat("d", &status) == 0 && status.st_nlink == 4);
  CHECK(rmdir("d/a") == 0);
  CHECK(stat("d", &status) == 0 && status.st_nlink == 3);
}

CASE(directory_lists_all_names) {
  CHECK(mkdir("d", 0755) == 0 && chdir("d") == 0);
  char name[32];
  for (int i = 0; i < 500; ++i) {
    snprintf(name, sizeof name, "entry-%d", i);
    touch(name);
  }
  CHECK(count_entries(".") == 502);
  char seen[500] = {0};
  DIR* directory = opendir(".");
  for (struct dirent* entry; (entry = readdir(directory)) != NULL;) {
    int number;
    if (sscanf(entry->d_name, "entry-%d", &number) == 1) {
      CHECK(seen[number]++ == 0);
      CHECK(entry->d_type == DT_REG);
    }
  }
  for (int i = 0; i < 500; ++i) CHECK(seen[i] == 1);
}

CASE(directory_list_while_removing) {
  CHECK(mkdir("d", 0755) == 0 && chdir("d") == 0);
  char name[32];
  for (int i = 0; i < 200; ++i) {
    snprintf(name, sizeof name, "e%d", i);
    touch(name);
  }
  DIR* directory = opendir(".");
  for (struct dirent* entry; (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] == 'e') CHECK(unlink(entry->d_name) == 0);
  }
  closedir(directory);
  CHECK(count_entries(".") == 2);
}

CASE(directory_current) {
  char path[256], back[256];
  CHECK(getcwd(path, sizeof path) != NULL);
  CHECK(mkdir("x", 0755) == 0 && chdir("x") == 0);
  strcat(path, "/x");
  CHECK(getcwd(back, sizeof back) != NULL && strcmp(path, back) == 0);
  CHECK_ERROR(getcwd(back, 2) == NULL ? -1 : 0, ERANGE);
  CHECK(chdir("..") == 0);
  touch("file");
  CHECK_ERROR(chdir("file"), ENOTDIR);
  int fd = open("x", O_RDONLY | O_DIRECTORY);
  CHECK(fchdir(fd) == 0);
  CHECK(getcwd(back, sizeof back) != NULL && strcmp(path, back) == 0);
}

CASE(directory_removed_while_inside) {
  char path[64];
  CHECK(mkdir("x", 0755) == 0 && chdir("x") == 0);
  CHECK(rmdir("../x") == 0);
  CHECK_ERROR(open("new", O_CREAT | O_WRONLY, 0644), ENOENT);
  CHECK_ERROR(getcwd(path, sizeof path) == NULL ? -1 : 0, ENOENT);
}

CASE(rename_replaces) {
  touch("a");
  touch("b");
  struct stat before, after;
  CHECK(stat("a", &before) == 0);
  CHECK(rename("a", "b") == 0);
  CHECK(!exists("a") && stat("b", &after) == 0 && after.st_ino == before.st_ino);
  CHECK(rename("b", "b") == 0 && exists("b"));
  CHECK_ERROR(rename("none", "x"), ENOENT);
}

CASE(rename_directories) {
  CHECK(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0 && mkdir("c", 0755) == 0);
  CHECK_ERROR(rename("a", "a/b/x"), EINVAL);
  CHECK(rename("a/b", "c") == 0);
  CHECK(!exists("a/b") && exists("c"));
  touch("c/file");
  CHECK_ERROR(rename("a", "c"), ENOTEMPTY);
  touch("f");
  CHECK_ERROR(rename("a", "f"), ENOTDIR);
  CHECK_ERROR(rename("f", "a"), EISDIR);
  CHECK(rename("c", "a/c") == 0 && exists("a/c/file"));
}

CASE(rename_flags) {
  touch("a");
  CHECK(mkdir("d", 0755) == 0);
  CHECK_ERROR(renameat2(AT_FDCWD, "a", AT_FDCWD, "d", RENAME_NOREPLACE), EEXIST);
  CHECK(renameat2(AT_FDCWD, "a", AT_FDCWD, "d", RENAME_EXCHANGE) == 0);
  struct stat status;
  CHECK(stat("a", &status) == 0 && S_ISDIR(status.st_mode));
  CHECK(stat("d", &status) == 0 && S_ISREG(status.st_mode));
  CHECK_ERROR(renameat2(AT_FDCWD, "a", AT_FDCWD, "none", RENAME_EXCHANGE), ENOENT);
}

CASE(hard_links) {
  struct stat status;
  touch("a");
  CHECK(link("a", "b") == 0);
  CHECK(stat("b", &status) == 0 && status.st_nlink == 2);
  CHECK_ERROR(link("a", "b"), EEXIST);
  CHECK(mkdir("d", 0755) == 0);
  CHECK_ERROR(link("d", "e"), EPERM);
  CHECK(unlink("a") == 0);
  CHECK(stat("b", &status) == 0 && status.st_nlink == 1);
}

CASE(symbolic_links) {
  char target[32] = {0};
  struct stat status;
  touch("file");
  CHECK(symlink("file", "link") == 0);
  CHECK(readlink("link", target, sizeof target) == 4 && strcmp(target, "file") == 0);
  CHECK(lstat("link", &status) == 0 && S_ISLNK(status.st_mode) && status.st_size == 4);
  CHECK(stat("link", &status) == 0 && S_ISREG(status.st_mode));
  CHECK_ERROR(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
  CHECK_ERROR(readlink("file", target, sizeof target), EINVAL);
  CHECK(symlink("nowhere", "dangling") == 0);
  CHECK_ERROR(stat("dangling", &status), ENOENT);
  CHECK(symlink("loop", "loop") == 0);
  CHECK_ERROR(stat("loop", &status), ELOOP);
}

CASE(symbolic_link_create_through) {
  CHECK(symlink("made", "link") == 0);
  int fd = open("link", O_WRONLY | O_CREAT, 0644);
  CHECK(fd >= 0 && exists("made"));
  CHECK_ERROR(open("link", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
}

CASE(symbolic_link_in_the_middle) {
  CHECK(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0);
  touch("d/e/file");
  CHECK(symlink("d/e", "short") == 0);
  CHECK(exists("short/file") && exists("short/../e/file"));
}

CASE(mode_changes) {
  struct stat status;
  touch("a");
  CHECK(chmod("a", 04751) == 0);
  CHECK(stat("a", &status) == 0 && (status.st_mode & 07777) == 04751);
  int fd = open("a", O_RDONLY);
  CHECK(fchmod(fd, 0600) == 0);
  CHECK(stat("a", &status) == 0 && (status.st_mode & 07777) == 0600);
  CHECK_ERROR(chmod("none", 0600), ENOENT);
}

CASE(sticky_directory_protects) {
  if (getuid() != 0) return;
  CHECK(chmod(".", 0755) == 0);
  CHECK(mkdir("t", 0777) == 0 && chmod("t", 01777) == 0);
  touch("t/root-file");
  int status;
  IN_CHILD(status, {
    CHECK(setgid(1000) == 0 && setuid(1000) == 0);
    CHECK_ERROR(unlink("t/root-file"), EPERM);
    touch("t/mine");
    CHECK(unlink("t/mine") == 0);
  });
  CHECK(status == 0);
}

CASE(times_are_set_and_kept) {
  struct stat status;
  touch("a");
  struct timespec times[2] = {{1000000, 123}, {2000000, 456}};
  CHECK(utimensat(AT_FDCWD, "a", times, 0) == 0);
  CHECK(stat("a", &status) == 0);
  CHECK(status.st_atim.tv_sec == 1000000 && status.st_mtim.tv_sec == 2000000 && status.st_mtim.tv_nsec == 456);
  struct timespec omit[2] = {{0, UTIME_OMIT}, {3000000, 0}};
  CHECK(utimensat(AT_FDCWD, "a", omit, 0) == 0);
  CHECK(stat("a", &status) == 0 && status.st_atim.tv_sec == 1000000 && status.st_mtim.tv_sec == 3000000);
}

CASE(at_calls_are_relative) {
  CHECK(mkdir("d", 0755) == 0);
  int directory = open("d", O_RDONLY | O_DIRECTORY);
  int fd = openat(directory, "file", O_WRONLY | O_CREAT, 0644);
  CHECK(fd >= 0 && exists("d/file"));
  struct stat status;
  CHECK(fstatat(directory, "file", &status, 0) == 0);
  CHECK(fstatat(fd, "", &status, AT_EMPTY_PATH) == 0 && S_ISREG(status.st_mode));
  CHECK_ERROR(openat(fd, "x", O_RDONLY), ENOTDIR);
  CHECK_ERROR(openat(999, "x", O_RDONLY), EBADF);
  CHECK(mkdirat(directory, "sub", 0755) == 0);
  CHECK_ERROR(unlinkat(directory, "sub", 0), EISDIR);
  CHECK(unlinkat(directory, "sub", AT_REMOVEDIR) == 0);
}

CASE(access_answers) {
  touch("a");
  CHECK(chmod("a", 0644) == 0);
  CHECK(access("a", F_OK) == 0 && access("a", R_OK | W_OK) == 0);
  CHECK_ERROR(access("a", X_OK), EACCES);
  CHECK_ERROR(access("none", F_OK), ENOENT);
  CHECK_ERROR(access("a", 77), EINVAL);
}

CASE(file_system_info) {
  struct statfs info;
  CHECK(statfs("/tmp", &info) == 0);
  CHECK(info.f_bsize > 0 && info.f_namelen == 255);
}

CASE(deep_tree) {
  for (int i = 0; i < 100; ++i) CHECK(mkdir("d", 0755) == 0 && chdir("d") == 0);
  for (int i = 0; i < 100; ++i) CHECK(chdir("..") == 0 && rmdir("d") == 0);
}

CASE(dot_names) {
  touch("f");
  struct stat a, b;
  CHECK(stat("./f", &a) == 0 && stat(".//f", &b) == 0 && a.st_ino == b.st_ino);
  CHECK(stat("/", &a) == 0 && stat("/..", &b) == 0 && a.st_ino == b.st_ino);
  CHECK_ERROR(open("f/", O_RDONLY), ENOTDIR);
  CHECK_ERROR(mkdir(".", 0755), EEXIST);
}

CASE(symlinks_nest_forty_deep) {
  char from[16], to[16];
  struct stat status;
  CHECK(mkdir("l0", 0755) == 0);
  close(open("l0/file", O_CREAT | O_WRONLY, 0644));
  for (int i = 1; i <= 41; ++i) {
    /* What follows a link's own text is walked at each level. */
    snprintf(to, sizeof to, i % 2 != 0 ? "l%d/." : "./l%d/", i - 1);
    snprintf(from, sizeof from, "l%d", i);
    CHECK(symlink(to, from) == 0);
  }
  CHECK(stat("l40/file", &status) == 0 && S_ISREG(status.st_mode));
  CHECK_ERROR(stat("l41/file", &status), ELOOP);
  CHECK(symlink("l0/file", "to_file") == 0 && symlink("l0/file/", "to_file_slash") == 0);
  CHECK(stat("to_file", &status) == 0);
  CHECK_ERROR(stat("to_file/", &status), ENOTDIR);
  CHECK_ERROR(stat("to_file_slash", &status), ENOTDIR);
  CHECK_ERROR(stat("to_file/x", &status), ENOTDIR);
  CHECK(lstat("l3", &status) == 0 && S_ISLNK(status.st_mode));
  CHECK(lstat("l3/", &status) == 0 && S_ISDIR(status.st_mode));
}
