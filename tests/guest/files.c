/* Open files: what read, write, lseek, dup and their kin promise. */
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>

static int make(const char* name, const char* text) {
  int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
  CHECK(fd >= 0);
  CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  CHECK(lseek(fd, 0, SEEK_SET) == 0);
  return fd;
}

CASE(file_write_then_read) {
  char buffer[16] = {0};
  int fd = make("a", "hello");
  CHECK(read(fd, buffer, sizeof buffer) == 5);
  CHECK(strcmp(buffer, "hello") == 0);
  CHECK(read(fd, buffer, sizeof buffer) == 0);
}

CASE(file_open_errors) {
  CHECK_ERROR(open("missing", O_RDONLY), ENOENT);
  make("file", "x");
  CHECK_ERROR(open("file", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
  CHECK_ERROR(open("file/below", O_RDONLY), ENOTDIR);
  CHECK_ERROR(open(".", O_WRONLY), EISDIR);
  CHECK_ERROR(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
  CHECK_ERROR(open("", O_RDONLY), ENOENT);
}

CASE(file_name_too_long) {
  char name[NAME_MAX + 2];
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = 0;
  CHECK_ERROR(open(name, O_RDONLY | O_CREAT, 0644), ENAMETOOLONG);
  name[NAME_MAX] = 0;
  CHECK(open(name, O_RDONLY | O_CREAT, 0644) >= 0);
  char* path = malloc(PATH_MAX + 10);
  memset(path, '/', PATH_MAX + 9);
  path[PATH_MAX + 9] = 0;
  CHECK_ERROR(open(path, O_RDONLY), ENAMETOOLONG);
}

CASE(file_bad_descriptor) {
  char byte;
  CHECK_ERROR(read(-1, &byte, 1), EBADF);
  CHECK_ERROR(write(1000, &byte, 1), EBADF);
  CHECK_ERROR(close(1000), EBADF);
  int fd = make("a", "x");
  int read_only = open("a", O_RDONLY);
  CHECK_ERROR(write(read_only, "y", 1), EBADF);
  int write_only = open("a", O_WRONLY);
  CHECK_ERROR(read(write_only, &byte, 1), EBADF);
  close(fd);
}

CASE(file_bad_pointer) {
  void* volatile nowhere = (void*)1;
  int fd = make("a", "hello");
  CHECK_ERROR(read(fd, nowhere, 5), EFAULT);
  CHECK_ERROR(write(fd, nowhere, 5), EFAULT);
  CHECK_ERROR(open(nowhere, O_RDONLY), EFAULT);
}

CASE(file_seek) {
  char byte;
  int fd = make("a", "0123456789");
  CHECK(lseek(fd, 4, SEEK_SET) == 4);
  CHECK(read(fd, &byte, 1) == 1 && byte == '4');
  CHECK(lseek(fd, 2, SEEK_CUR) == 7);
  CHECK(lseek(fd, -1, SEEK_END) == 9);
  CHECK(read(fd, &byte, 1) == 1 && byte == '9');
  CHECK_ERROR(lseek(fd, -1, SEEK_SET), EINVAL);
  CHECK_ERROR(lseek(fd, 0, 77), EINVAL);
}

CASE(file_hole_reads_zero) {
  char buffer[8192];
  int fd = open("hole", O_RDWR | O_CREAT, 0644);
  CHECK(pwrite(fd, "x", 1, 8191) == 1);
  memset(buffer, 1, sizeof buffer);
  CHECK(pread(fd, buffer, sizeof buffer, 0) == 8192);
  for (int i = 0; i < 8191; ++i) CHECK(buffer[i] == 0);
  CHECK(buffer[8191] == 'x');
}

CASE(file_append) {
  int fd = make("a", "one");
  int append = open("a", O_WRONLY | O_APPEND);
  CHECK(write(append, "two", 3) == 3);
  CHECK(lseek(append, 0, SEEK_SET) == 0);
  CHECK(write(append, "three", 5) == 5);
  char buffer[32] = {0};
  CHECK(pread(fd, buffer, sizeof buffer, 0) == 11);
  CHECK(strcmp(buffer, "onetwothree") == 0);
}

CASE(file_truncate) {
  char buffer[16];
  int fd = make("a", "0123456789");
  CHECK(ftruncate(fd, 4) == 0);
  CHECK(read(fd, buffer, sizeof buffer) == 4);
  CHECK(ftruncate(fd, 8) == 0);
  CHECK(pread(fd, buffer, sizeof buffer, 0) == 8);
  CHECK(memcmp(buffer, "0123\0\0\0\0", 8) == 0);
  CHECK(truncate("a", 1) == 0);
  struct stat status;
  CHECK(fstat(fd, &status) == 0 && status.st_size == 1);
  CHECK_ERROR(ftruncate(fd, -1), EINVAL);
  CHECK_ERROR(truncate(".", 0), EISDIR);
}

CASE(file_open_truncates) {
  make("a", "0123456789");
  int fd = open("a", O_RDWR | O_TRUNC);
  struct stat status;
  CHECK(fstat(fd, &status) == 0 && status.st_size == 0);
}

CASE(file_dup_shares_offset) {
  char byte;
  int fd = make("a", "0123456789");
  int copy = dup(fd);
  CHECK(copy >= 0 && copy != fd);
  CHECK(lseek(fd, 5, SEEK_SET) == 5);
  CHECK(read(copy, &byte, 1) == 1 && byte == '5');
  CHECK(dup2(fd, 50) == 50);
  CHECK(read(50, &byte, 1) == 1 && byte == '6');
  CHECK(dup2(fd, fd) == fd);
  CHECK_ERROR(dup2(999, 3), EBADF);
  CHECK_ERROR(dup3(fd, fd, 0), EINVAL);
}

CASE(file_lowest_descriptor) {
  int a = make("a", ""), b = make("b", ""), c = make("c", "");
  CHECK(b > a && c > b);
  close(b);
  CHECK(make("d", "") == b);
}

CASE(file_cloexec_flag) {
  int fd = open("a", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
  CHECK(fcntl(fd, F_SETFD, 0) == 0 && fcntl(fd, F_GETFD) == 0);
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 100);
  CHECK(copy == 100 && fcntl(copy, F_GETFD) == FD_CLOEXEC);
  CHECK(fcntl(dup(copy), F_GETFD) == 0);
}

CASE(file_status_flags) {
  int fd = open("a", O_RDWR | O_CREAT | O_APPEND, 0644);
  CHECK((fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND)) == (O_RDWR | O_APPEND));
  CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
  CHECK((fcntl(fd, F_GETFL) & (O_NONBLOCK | O_APPEND)) == O_NONBLOCK);
}

CASE(file_vectors) {
  int fd = make("a", "");
  struct iovec out[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
  CHECK(writev(fd, out, 3) == 5);
  char one[3] = {0}, two[4] = {0};
  struct iovec in[2] = {{one, 2}, {two, 3}};
  CHECK(lseek(fd, 0, SEEK_SET) == 0);
  CHECK(readv(fd, in, 2) == 5);
  CHECK(strcmp(one, "ab") == 0 && strcmp(two, "cde") == 0);
  volatile int negative = -1;
  CHECK_ERROR(readv(fd, in, negative), EINVAL);
}

CASE(file_lives_after_unlink) {
  char buffer[8] = {0};
  int fd = make("gone", "still");
  CHECK(unlink("gone") == 0);
  CHECK_ERROR(open("gone", O_RDONLY), ENOENT);
  CHECK(read(fd, buffer, 5) == 5 && strcmp(buffer, "still") == 0);
  struct stat status;
  CHECK(fstat(fd, &status) == 0 && status.st_nlink == 0);
}

CASE(file_large_copy) {
  enum { kSize = 3 << 20 };
  char *data = malloc(kSize), *back = malloc(kSize);
  for (int i = 0; i < kSize; ++i) data[i] = (char)(i * 31 + i / 4096);
  int fd = make("large", "");
  CHECK(write(fd, data, kSize) == kSize);
  CHECK(pread(fd, back, kSize, 0) == kSize);
  CHECK(memcmp(data, back, kSize) == 0);
}

CASE(file_access_is_checked_for_user) {
  make("secret", "x");
  CHECK(chmod("secret", 0600) == 0);
  CHECK(chmod(".", 0755) == 0);
  if (getuid() != 0) return;
  int status;
  IN_CHILD(status, {
    CHECK(setgid(1000) == 0 && setuid(1000) == 0);
    CHECK_ERROR(open("secret", O_RDONLY), EACCES);
    CHECK_ERROR(open("new", O_WRONLY | O_CREAT, 0644), EACCES);
    CHECK_ERROR(unlink("secret"), EACCES);
    CHECK_ERROR(chmod("secret", 0777), EPERM);
  });
  CHECK(status == 0);
}

CASE(file_umask) {
  umask(027);
  int fd = open("m", O_RDWR | O_CREAT, 0666);
  struct stat status;
  CHECK(fstat(fd, &status) == 0 && (status.st_mode & 07777) == 0640);
  CHECK(umask(0) == 027);
}
