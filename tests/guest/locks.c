/* Advisory locks: fcntl's of processes and of open files, flock's. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

static int fresh_file(void) {
  char name[] = "/tmp/lockXXXXXX";
  int fd = mkstemp(name);
  CHECK(fd >= 0 && unlink(name) == 0 && ftruncate(fd, 100) == 0);
  return fd;
}

static int lock(int fd, int command, short type, off_t start, off_t length) {
  struct flock wanted = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  return fcntl(fd, command, &wanted);
}

/* Reopens the file through /proc, for a second open file description. */
static int reopen(int fd) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int other = open(path, O_RDWR);
  CHECK(other >= 0);
  return other;
}

CASE(record_locks_conflict_between_processes) {
  int fd = fresh_file(), status;
  CHECK(lock(fd, F_SETLK, F_WRLCK, 10, 20) == 0);
  IN_CHILD(status, {
    CHECK_ERROR(lock(fd, F_SETLK, F_RDLCK, 29, 1), EAGAIN);
    CHECK(lock(fd, F_SETLK, F_WRLCK, 30, 5) == 0);
    CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 10) == 0);
    struct flock seen = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
    CHECK(fcntl(fd, F_GETLK, &seen) == 0);
    CHECK(seen.l_type == F_WRLCK && seen.l_start == 10 && seen.l_len == 20 && seen.l_pid == getppid());
  });
  CHECK(status == 0);
}

CASE(record_locks_of_readers_are_shared) {
  int fd = fresh_file(), status;
  CHECK(lock(fd, F_SETLK, F_RDLCK, 0, 0) == 0);
  IN_CHILD(status, {
    CHECK(lock(fd, F_SETLK, F_RDLCK, 5, 5) == 0);
    CHECK_ERROR(lock(fd, F_SETLK, F_WRLCK, 5, 5), EAGAIN);
  });
  CHECK(status == 0);
}

CASE(record_locks_are_split_and_joined) {
  int fd = fresh_file(), status;
  CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 30) == 0);
  CHECK(lock(fd, F_SETLK, F_UNLCK, 10, 10) == 0);
  IN_CHILD(status, {
    CHECK(lock(fd, F_SETLK, F_WRLCK, 10, 10) == 0);
    CHECK_ERROR(lock(fd, F_SETLK, F_WRLCK, 9, 1), EAGAIN);
    CHECK_ERROR(lock(fd, F_SETLK, F_WRLCK, 20, 1), EAGAIN);
  });
  CHECK(status == 0);
  CHECK(lock(fd, F_SETLK, F_WRLCK, 10, 10) == 0);
  IN_CHILD(status, {
    struct flock seen = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    CHECK(fcntl(fd, F_GETLK, &seen) == 0 && seen.l_start == 0 && seen.l_len == 30);
  });
  CHECK(status == 0);
}

CASE(record_locks_go_with_any_close) {
  int fd = fresh_file(), status;
  CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 0) == 0);
  close(reopen(fd));
  IN_CHILD(status, CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 0) == 0));
  CHECK(status == 0);
}

CASE(record_locks_are_not_inherited) {
  int fd = fresh_file(), status;
  CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 10) == 0);
  IN_CHILD(status, CHECK_ERROR(lock(fd, F_SETLK, F_WRLCK, 0, 10), EAGAIN));
  CHECK(status == 0);
}

CASE(record_lock_waits_for_release) {
  int fd = fresh_file(), status;
  pid_t pid = fork();
  if (pid == 0) {
    CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 0) == 0);
    CHECK(pwrite(fd, "held", 4, 0) == 4);
    usleep(50000);
    CHECK(pwrite(fd, "done", 4, 0) == 4);
    _exit(0);
  }
  char text[5] = {0};
  while (pread(fd, text, 4, 0) == 4 && text[0] == 0) usleep(1000);
  CHECK(lock(fd, F_SETLKW, F_WRLCK, 0, 0) == 0);
  CHECK(pread(fd, text, 4, 0) == 4 && strcmp(text, "done") == 0);
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void nothing(int signal) { (void)signal; }

CASE(record_lock_wait_is_interrupted) {
  int fd = fresh_file(), status;
  CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 0) == 0);
  IN_CHILD(status, {
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGALRM, &action, NULL);
    ualarm(30000, 30000);
    CHECK_ERROR(lock(fd, F_SETLKW, F_WRLCK, 0, 0), EINTR);
  });
  CHECK(status == 0);
}

/* The letter in /proc/PID/stat. */
static char state_of(pid_t pid) {
  char path[40], text[200] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE* file = fopen(path, "r");
  CHECK(file != NULL && fgets(text, sizeof text, file) != NULL && strrchr(text, ')') != NULL);
  fclose(file);
  return strrchr(text, ')')[2];
}

CASE(record_lock_circle_is_refused) {
  int fd = fresh_file(), status;
  CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 1) == 0);
  int ready[2];
  CHECK(pipe(ready) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    CHECK(lock(fd, F_SETLK, F_WRLCK, 1, 1) == 0);
    CHECK(write(ready[1], "x", 1) == 1);
    CHECK(lock(fd, F_SETLKW, F_WRLCK, 0, 1) == 0);
    _exit(0);
  }
  char byte;
  CHECK(read(ready[0], &byte, 1) == 1);
  while (state_of(pid) != 'S') usleep(1000);
  CHECK_ERROR(lock(fd, F_SETLKW, F_WRLCK, 1, 1), EDEADLK);
  CHECK(lock(fd, F_SETLK, F_UNLCK, 0, 1) == 0);
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

CASE(record_lock_needs_the_right_access) {
  int fd = fresh_file();
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int reader = open(path, O_RDONLY);
  CHECK(reader >= 0);
  CHECK_ERROR(lock(reader, F_SETLK, F_WRLCK, 0, 1), EBADF);
  CHECK_ERROR(lock(reader, F_SETLK, 7, 0, 1), EINVAL);
  CHECK(lock(reader, F_SETLK, F_RDLCK, 0, 1) == 0);
}

CASE(open_file_locks_conflict_within_a_process) {
  int fd = fresh_file(), other = reopen(fd);
  CHECK(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 0) == 0);
  CHECK_ERROR(lock(other, F_OFD_SETLK, F_RDLCK, 0, 1), EAGAIN);
  int copy = dup(fd);
  CHECK(lock(copy, F_OFD_SETLK, F_WRLCK, 0, 0) == 0);
  close(fd);
  CHECK_ERROR(lock(other, F_OFD_SETLK, F_RDLCK, 0, 1), EAGAIN);
  close(copy);
  CHECK(lock(other, F_OFD_SETLK, F_RDLCK, 0, 1) == 0);
}

CASE(flock_belongs_to_the_open_file) {
  int fd = fresh_file(), other = reopen(fd), status;
  CHECK(flock(fd, LOCK_EX) == 0);
  CHECK_ERROR(flock(other, LOCK_SH | LOCK_NB), EAGAIN);
  CHECK_ERROR(flock(other, 16), EINVAL);
  IN_CHILD(status, CHECK(flock(fd, LOCK_SH | LOCK_NB) == 0)); /* shares the open file */
  CHECK(status == 0);
  CHECK(flock(other, LOCK_SH | LOCK_NB) == 0);
  CHECK_ERROR(flock(other, LOCK_EX | LOCK_NB), EAGAIN);
  CHECK(lock(fd, F_SETLK, F_WRLCK, 0, 0) == 0); /* another world */
  close(fd);
  CHECK(flock(other, LOCK_EX | LOCK_NB) == 0);
}
