/* System calls that do little: what entering and leaving the kernel costs, and looking something up in it. */
#include <fcntl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "bench.h"

static int g_fd;

/* No kernel at all: both sides must agree here, or the comparison is worth nothing. */
BENCH(control, NULL) {
  volatile uint64_t sum = 0;
  while (n-- > 0) {
    for (int i = 0; i < 100; ++i) sum += sum * 3 + (uint64_t)i;
  }
}

BENCH(getppid, NULL) {
  while (n-- > 0) syscall(SYS_getppid);
}

BENCH(clock_gettime, NULL) {
  struct timespec now;
  while (n-- > 0) clock_gettime(CLOCK_MONOTONIC, &now);
}

static void open_zero(void) { MUST((g_fd = open("/dev/zero", O_RDONLY)) >= 0); }
BENCH(read_zero_1b, open_zero) {
  char byte;
  while (n-- > 0) MUST(read(g_fd, &byte, 1) == 1);
}

static void make_file(void) {
  mkdir("/tmp/d", 0755);
  mkdir("/tmp/d/e", 0755);
  MUST((g_fd = open("/tmp/d/e/file", O_RDWR | O_CREAT, 0644)) >= 0);
  char page[4096];
  memset(page, 7, sizeof page);
  for (int i = 0; i < 16; ++i) MUST(write(g_fd, page, sizeof page) == sizeof page);
}

BENCH(stat, make_file) {
  struct stat facts;
  while (n-- > 0) MUST(stat("/tmp/d/e/file", &facts) == 0);
}

BENCH(fstat, make_file) {
  struct stat facts;
  while (n-- > 0) MUST(fstat(g_fd, &facts) == 0);
}

BENCH(open_close, make_file) {
  while (n-- > 0) {
    const int fd = open("/tmp/d/e/file", O_RDONLY);
    MUST(fd >= 0);
    close(fd);
  }
}

BENCH(pread_4k, make_file) {
  static char page[4096];
  while (n-- > 0) MUST(pread(g_fd, page, sizeof page, 4096) == sizeof page);
}

static fd_set g_hundred;
static int g_highest;
static void open_hundred(void) {
  FD_ZERO(&g_hundred);
  for (int i = 0; i < 100; ++i) {
    int ends[2];
    MUST(pipe(ends) == 0);
    FD_SET(ends[0], &g_hundred);
    g_highest = ends[0];
  }
}
BENCH(select_100, open_hundred) {
  while (n-- > 0) {
    fd_set set = g_hundred;
    struct timeval none = {0, 0};
    MUST(select(g_highest + 1, &set, NULL, NULL, &none) == 0);
  }
}
