/* Pipes, FIFOs, poll and select, clocks. */
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <time.h>

CASE(pipe_passes_bytes_in_order) {
  int ends[2], status;
  CHECK(pipe(ends) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    for (int i = 0; i < 300000; i += 1000) {
      unsigned char block[1000];
      for (int j = 0; j < 1000; ++j) block[j] = (unsigned char)((i + j) % 251);
      CHECK(write(ends[1], block, sizeof block) == sizeof block);
    }
    _exit(0);
  }
  close(ends[1]);
  unsigned char buffer[777];
  long total = 0;
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) != 0;) {
    CHECK(got > 0);
    for (ssize_t i = 0; i < got; ++i) CHECK(buffer[i] == (total + i) % 251);
    total += got;
  }
  CHECK(total == 300000);
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

CASE(pipe_full_and_empty) {
  int ends[2];
  char block[4096] = {0};
  CHECK(pipe2(ends, O_NONBLOCK) == 0);
  CHECK_ERROR(read(ends[0], block, 1), EAGAIN);
  long total = 0;
  for (ssize_t put; (put = write(ends[1], block, sizeof block)) > 0;) total += put;
  CHECK(errno == EAGAIN && total == 65536);
  int available = 0;
  CHECK(ioctl(ends[0], FIONREAD, &available) == 0 && available == 65536);
  CHECK(read(ends[0], block, 100) == 100);
  CHECK_ERROR(write(ends[1], block, 4096), EAGAIN);
  CHECK_ERROR(lseek(ends[0], 0, SEEK_SET), ESPIPE);
}

CASE(pipe_small_writes_are_atomic) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  for (int writer = 0; writer < 4; ++writer) {
    if (fork() == 0) {
      char block[512];
      memset(block, 'a' + writer, sizeof block);
      for (int i = 0; i < 200; ++i) CHECK(write(ends[1], block, sizeof block) == sizeof block);
      _exit(0);
    }
  }
  close(ends[1]);
  char block[512];
  for (int blocks = 0; blocks < 800; ++blocks) {
    size_t have = 0;
    while (have < sizeof block) {
      ssize_t got = read(ends[0], block + have, sizeof block - have);
      CHECK(got > 0);
      have += (size_t)got;
    }
    for (size_t i = 1; i < sizeof block; ++i) CHECK(block[i] == block[0]);
  }
  CHECK(read(ends[0], block, 1) == 0);
  for (int i = 0; i < 4; ++i) CHECK(wait(NULL) > 0);
}

CASE(pipe_end_of_file) {
  int ends[2];
  char byte;
  CHECK(pipe(ends) == 0);
  CHECK(write(ends[1], "x", 1) == 1);
  close(ends[1]);
  CHECK(read(ends[0], &byte, 1) == 1);
  CHECK(read(ends[0], &byte, 1) == 0);
}

CASE(fifo_connects_processes) {
  CHECK(mkfifo("fifo", 0600) == 0);
  CHECK_ERROR(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
  pid_t pid = fork();
  if (pid == 0) {
    int fd = open("fifo", O_WRONLY);
    CHECK(write(fd, "through", 7) == 7);
    _exit(0);
  }
  int fd = open("fifo", O_RDONLY), status;
  char text[16] = {0};
  CHECK(read(fd, text, sizeof text) == 7 && strcmp(text, "through") == 0);
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* The writer may open, write and be gone before the reader's open has looked around. */
CASE(fifo_partner_may_be_brief) {
  CHECK(mkfifo("fifo", 0600) == 0);
  for (int round = 0; round < 200; ++round) {
    pid_t pid = fork();
    if (pid == 0) _exit(write(open("fifo", O_WRONLY), "x", 1) != 1);
    int fd = open("fifo", O_RDONLY), status;
    char byte;
    CHECK(read(fd, &byte, 1) == 1);
    close(fd);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  }
}

CASE(poll_reports_state) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  struct pollfd entries[3] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {999, POLLIN, 0}};
  CHECK(poll(entries, 3, 0) == 2);
  CHECK(entries[0].revents == 0 && entries[1].revents == POLLOUT && entries[2].revents == POLLNVAL);
  CHECK(write(ends[1], "x", 1) == 1);
  CHECK(poll(entries, 1, 1000) == 1 && entries[0].revents == POLLIN);
  char byte;
  CHECK(read(ends[0], &byte, 1) == 1);
  close(ends[1]);
  CHECK(poll(entries, 1, 1000) == 1 && entries[0].revents == POLLHUP);
}

static long now_ms(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

CASE(poll_waits_and_wakes) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  struct pollfd entry = {ends[0], POLLIN, 0};
  long start = now_ms();
  CHECK(poll(&entry, 1, 50) == 0);
  CHECK(now_ms() - start >= 49);
  pid_t pid = fork();
  if (pid == 0) {
    usleep(30000);
    _exit(write(ends[1], "x", 1) != 1);
  }
  CHECK(poll(&entry, 1, -1) == 1 && entry.revents == POLLIN);
  CHECK(waitpid(pid, NULL, 0) == pid);
}

CASE(select_three_sets) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  fd_set read_set, write_set;
  FD_ZERO(&read_set);
  FD_ZERO(&write_set);
  FD_SET(ends[0], &read_set);
  FD_SET(ends[1], &write_set);
  struct timeval time = {0, 0};
  CHECK(select(ends[1] + 1, &read_set, &write_set, NULL, &time) == 1);
  CHECK(!FD_ISSET(ends[0], &read_set) && FD_ISSET(ends[1], &write_set));
  CHECK(write(ends[1], "x", 1) == 1);
  FD_SET(ends[0], &read_set);
  CHECK(select(ends[0] + 1, &read_set, NULL, NULL, NULL) == 1 && FD_ISSET(ends[0], &read_set));
  FD_ZERO(&read_set);
  FD_SET(50, &read_set);
  close(50);
  CHECK_ERROR(select(51, &read_set, NULL, NULL, &time), EBADF);
}

/* Only what a set asks for counts, and wakes: a hang-up is for readers. */
CASE(select_waits_for_what_its_sets_mean) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  close(ends[1]);
  fd_set read_set, except_set;
  FD_ZERO(&read_set);
  FD_ZERO(&except_set);
  FD_SET(ends[0], &except_set);
  struct timeval time = {0, 60000};
  struct timespec began, now;
  clock_gettime(CLOCK_MONOTONIC, &began);
  CHECK(select(ends[0] + 1, NULL, NULL, &except_set, &time) == 0 && !FD_ISSET(ends[0], &except_set));
  clock_gettime(CLOCK_MONOTONIC, &now);
  CHECK((now.tv_sec - began.tv_sec) * 1000000000ll + now.tv_nsec - began.tv_nsec >= 60000000);
  FD_SET(ends[0], &read_set);
  CHECK(select(ends[0] + 1, &read_set, NULL, NULL, NULL) == 1 && FD_ISSET(ends[0], &read_set));
  struct pollfd entries[3] = {{.fd = ends[0], .events = POLLOUT}, {.fd = -1, .events = POLLIN}, {.fd = 99}};
  CHECK(poll(entries, 3, -1) == 2);
  CHECK(entries[0].revents == POLLHUP && entries[1].revents == 0 && entries[2].revents == POLLNVAL);
}

static void nothing(int signal) { (void)signal; }

CASE(ppoll_changes_mask) {
  sigset_t block, none;
  sigemptyset(&none);
  sigemptyset(&block);
  sigaddset(&block, SIGALRM);
  signal(SIGALRM, nothing);
  CHECK(sigprocmask(SIG_BLOCK, &block, NULL) == 0);
  struct itimerval timer = {{0, 0}, {0, 20000}};
  CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
  CHECK_ERROR(ppoll(NULL, 0, NULL, &none), EINTR);
}

CASE(clocks_advance) {
  struct timespec a, b;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &a) == 0);
  for (int i = 0; i < 1000; ++i) {
    CHECK(clock_gettime(CLOCK_MONOTONIC, &b) == 0);
    CHECK(b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
    a = b;
  }
  CHECK(clock_gettime(CLOCK_REALTIME, &a) == 0 && a.tv_sec > 1600000000);
  CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a) == 0 && clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a) == 0);
  CHECK_ERROR(clock_gettime(77, &a), EINVAL);
  struct timeval day;
  CHECK(gettimeofday(&day, NULL) == 0 && day.tv_sec > 1600000000);
}

CASE(sleep_lasts) {
  long start = now_ms();
  struct timespec wanted = {0, 30000000};
  CHECK(nanosleep(&wanted, NULL) == 0);
  CHECK(now_ms() - start >= 30);
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_nsec += 20000000;
  if (at.tv_nsec >= 1000000000) ++at.tv_sec, at.tv_nsec -= 1000000000;
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == 0);
  wanted.tv_nsec = 1000000000;
  CHECK_ERROR(nanosleep(&wanted, NULL), EINVAL);
}

CASE(interval_timer_repeats) {
  struct itimerval timer = {{0, 5000}, {0, 5000}}, now;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGALRM);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
  int got;
  for (int i = 0; i < 5; ++i) CHECK(sigwait(&set, &got) == 0 && got == SIGALRM);
  CHECK(getitimer(ITIMER_REAL, &now) == 0 && now.it_interval.tv_usec == 5000);
  CHECK(alarm(10) <= 1 && alarm(0) == 10);
}

CASE(random_bytes_differ) {
  unsigned char a[64] = {0}, b[64] = {0};
  CHECK(getrandom(a, sizeof a, 0) == 64 && getrandom(b, sizeof b, 0) == 64);
  CHECK(memcmp(a, b, sizeof a) != 0);
  void* volatile nowhere = (void*)1;
  CHECK_ERROR(getrandom(nowhere, 10, 0), EFAULT);
}

CASE(system_information) {
  struct sysinfo info;
  CHECK(sysinfo(&info) == 0 && info.totalram > info.freeram && info.procs >= 1);
}

CASE(null_and_zero_devices) {
  char buffer[64];
  int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR);
  CHECK(null >= 0 && zero >= 0 && full >= 0);
  CHECK(write(null, buffer, 64) == 64 && read(null, buffer, 64) == 0);
  memset(buffer, 1, sizeof buffer);
  CHECK(read(zero, buffer, 64) == 64 && buffer[0] == 0 && buffer[63] == 0);
  CHECK_ERROR(write(full, buffer, 1), ENOSPC);
}
