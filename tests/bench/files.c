/* Files of a tmpfs: names, and data. The operation of the bandwidths is 64 KiB. */
#include <fcntl.h>
#include <sys/stat.h>

#include "bench.h"

enum { kBlock = 65536, kFile = 4 << 20, kNames = 500 };
static char g_block[kBlock];
static int g_fd;

static void name_of(char* text, long number) { sprintf(text, "/tmp/names/%ld", number); }
static void make_names(void) { mkdir("/tmp/names", 0755); }

BENCH(create_delete_0k, make_names) {
  char name[64];
  while (n > 0) {
    const long some = n < kNames ? n : kNames;
    for (long i = 0; i < some; ++i) {
      name_of(name, i);
      const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
      MUST(fd >= 0);
      close(fd);
    }
    for (long i = 0; i < some; ++i) {
      name_of(name, i);
      MUST(unlink(name) == 0);
    }
    n -= some;
  }
}

static void fill_file(void) {
  memset(g_block, 1, sizeof g_block);
  MUST((g_fd = open("/tmp/data", O_RDWR | O_CREAT, 0644)) >= 0);
  for (long at = 0; at < kFile; at += kBlock) MUST(pwrite(g_fd, g_block, kBlock, at) == kBlock);
}
BENCH(file_reread_64k, fill_file) {
  for (long at = 0; n-- > 0; at = (at + kBlock) % kFile) MUST(pread(g_fd, g_block, kBlock, at) == kBlock);
}

/* New pages each time round. */
BENCH(file_write_64k, fill_file) {
  for (long at = 0; n-- > 0; at += kBlock) {
    if (at % kFile == 0) {
      MUST(ftruncate(g_fd, 0) == 0);
      at = 0;
    }
    MUST(pwrite(g_fd, g_block, kBlock, at) == kBlock);
  }
}
