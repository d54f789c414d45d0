/* Files as storage: what the page cache, mappings and the file system below promise together. */
#include "check.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static int make(const char* name, size_t size) {
  int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
  CHECK(fd >= 0);
  CHECK(ftruncate(fd, (off_t)size) == 0);
  return fd;
}

CASE(storage_mapping_and_read_see_the_same) {
  int fd = make("a", 8192);
  char* map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(map != MAP_FAILED);
  char text[8] = {0};
  memcpy(map + 4094, "mapped", 6);
  CHECK(pread(fd, text, 6, 4094) == 6 && memcmp(text, "mapped", 6) == 0);
  CHECK(pwrite(fd, "written", 7, 4093) == 7);
  CHECK(memcmp(map + 4093, "written", 7) == 0);
}

CASE(storage_private_mapping_is_private) {
  int fd = make("a", 4096);
  CHECK(pwrite(fd, "file", 4, 0) == 4);
  char* map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  memcpy(map, "mine", 4);
  char text[4];
  CHECK(pread(fd, text, 4, 0) == 4 && memcmp(text, "file", 4) == 0);
}

CASE(storage_mapped_store_survives_msync) {
  int fd = make("a", 4096);
  char* map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  memcpy(map, "one", 3);
  CHECK(msync(map, 4096, MS_SYNC) == 0);
  memcpy(map, "two", 3); /* after a write-back the page must be noticed again */
  CHECK(msync(map, 4096, MS_SYNC) == 0);
  CHECK(munmap(map, 4096) == 0);
  CHECK(fsync(fd) == 0);
  char text[3];
  CHECK(pread(fd, text, 3, 0) == 3 && memcmp(text, "two", 3) == 0);
}

CASE(storage_hole_reads_zero_and_takes_no_room) {
  int fd = make("a", 0);
  CHECK(pwrite(fd, "x", 1, 1 << 20) == 1);
  struct stat status;
  CHECK(fsync(fd) == 0 && fstat(fd, &status) == 0);
  CHECK(status.st_size == (1 << 20) + 1);
  CHECK(status.st_blocks < 100);
  char buffer[4096];
  memset(buffer, 1, sizeof buffer);
  CHECK(pread(fd, buffer, sizeof buffer, 65536) == sizeof buffer);
  for (size_t i = 0; i < sizeof buffer; ++i) CHECK(buffer[i] == 0);
}

static sigjmp_buf at_fault;
static void on_fault(int signal) { siglongjmp(at_fault, signal); }

CASE(storage_truncation_reaches_the_mapping) {
  int fd = make("a", 3 * 4096);
  volatile char* map = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  map[0] = map[4096] = map[8192] = 'x';
  CHECK(ftruncate(fd, 4096) == 0);
  CHECK(map[0] == 'x');
  signal(SIGBUS, on_fault);
  int caught = sigsetjmp(at_fault, 1);
  if (caught == 0) {
    (void)map[4096];
    FAIL("a page behind the end can be read");
  }
  CHECK(caught == SIGBUS);
  CHECK(ftruncate(fd, 2 * 4096) == 0);
  CHECK(map[4096] == 0); /* what was cut off does not come back */
}

CASE(storage_growing_shows_zeros_behind_the_old_end) {
  int fd = make("a", 0);
  CHECK(write(fd, "0123456789", 10) == 10);
  CHECK(ftruncate(fd, 4) == 0);
  CHECK(pwrite(fd, "end", 3, 100) == 3);
  char buffer[103];
  CHECK(pread(fd, buffer, sizeof buffer, 0) == 103);
  CHECK(memcmp(buffer, "0123", 4) == 0);
  for (int i = 4; i < 100; ++i) CHECK(buffer[i] == 0);
  CHECK(memcmp(buffer + 100, "end", 3) == 0);
}

CASE(storage_unlinked_open_file_keeps_its_contents) {
  int fd = make("a", 0);
  CHECK(write(fd, "still here", 10) == 10);
  CHECK(unlink("a") == 0);
  CHECK(fsync(fd) == 0);
  char text[10];
  CHECK(pread(fd, text, 10, 0) == 10 && memcmp(text, "still here", 10) == 0);
  struct stat status;
  CHECK(fstat(fd, &status) == 0 && status.st_nlink == 0);
  CHECK_ERROR(access("a", F_OK), ENOENT);
}

CASE(storage_sync_calls_answer) {
  int fd = make("a", 4096);
  CHECK(pwrite(fd, "x", 1, 0) == 1);
  CHECK(fdatasync(fd) == 0);
  CHECK(fsync(fd) == 0);
  CHECK(syncfs(fd) == 0);
  CHECK(sync_file_range(fd, 0, 4096, SYNC_FILE_RANGE_WRITE) == 0);
  CHECK_ERROR(sync_file_range(fd, -1, 4096, SYNC_FILE_RANGE_WRITE), EINVAL);
  CHECK_ERROR(sync_file_range(fd, 0, 4096, 64), EINVAL);
  sync();
  int ends[2];
  CHECK(pipe(ends) == 0);
  CHECK_ERROR(sync_file_range(ends[0], 0, 1, 0), ESPIPE);
}

CASE(storage_rename_over_and_across_directories) {
  CHECK(mkdir("one", 0755) == 0 && mkdir("two", 0755) == 0);
  int fd = make("one/f", 0);
  CHECK(write(fd, "new", 3) == 3);
  close(fd);
  close(make("two/f", 7));
  CHECK(rename("one/f", "two/f") == 0);
  struct stat status;
  CHECK(stat("two/f", &status) == 0 && status.st_size == 3);
  CHECK_ERROR(stat("one/f", &status), ENOENT);
  CHECK(mkdir("one/d", 0755) == 0);
  CHECK(rename("one/d", "two/d") == 0);
  CHECK(stat("one", &status) == 0 && status.st_nlink <= 2);
  CHECK(rmdir("one") == 0);
  close(make("two/d/g", 1));
  CHECK_ERROR(rmdir("two/d"), ENOTEMPTY);
}

CASE(storage_name_can_be_used_again_at_once) {
  for (int i = 0; i < 200; ++i) {
    close(make("again", (size_t)i));
    struct stat status;
    CHECK(stat("again", &status) == 0 && status.st_size == i);
    CHECK(unlink("again") == 0);
    CHECK(mkdir("again", 0700) == 0);
    CHECK(rmdir("again") == 0);
  }
}

CASE(storage_large_directory) {
  char name[64];
  CHECK(mkdir("many", 0755) == 0);
  for (int i = 0; i < 700; ++i) {
    snprintf(name, sizeof name, "many/a-name-of-some-length-%d", i);
    close(make(name, 0));
  }
  for (int i = 0; i < 700; i += 3) {
    snprintf(name, sizeof name, "many/a-name-of-some-length-%d", i);
    CHECK(unlink(name) == 0);
  }
  CHECK(system("test $(ls many | wc -l) = 466") == 0);
}

CASE(storage_unaligned_pieces_make_a_whole) {
  int fd = make("a", 0);
  char piece[1000];
  for (int i = 0; i < 100; ++i) {
    memset(piece, i, sizeof piece);
    CHECK(write(fd, piece, sizeof piece) == sizeof piece);
  }
  CHECK(fsync(fd) == 0);
  for (int i = 99; i >= 0; --i) {
    CHECK(pread(fd, piece, sizeof piece, i * 1000) == sizeof piece);
    for (size_t j = 0; j < sizeof piece; ++j) CHECK(piece[j] == (char)i);
  }
}

CASE(storage_writing_a_mapping_of_the_same_file) {
  int fd = make("a", 16384);
  char* map = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  memset(map, 'm', 4096);
  /* The source may have to be brought in while the target is being filled. */
  CHECK(pwrite(fd, map, 8192, 8192) == 8192);
  CHECK(map[8192] == 'm' && map[12288] == 0);
  CHECK(pwrite(fd, map, 4096, 0) == 4096);
  CHECK(map[4095] == 'm');
}

CASE(storage_unnamed_file_gets_a_name) {
  int fd = open(".", O_TMPFILE | O_RDWR, 0644);
  CHECK(fd >= 0);
  CHECK(write(fd, "text", 4) == 4);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  struct stat status;
  CHECK(fstat(fd, &status) == 0 && status.st_nlink == 0);
  CHECK(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH) == 0 || errno == ENOENT);
}

CASE(storage_sizes_of_the_file_system) {
  struct statvfs info;
  CHECK(statvfs(".", &info) == 0);
  CHECK(info.f_blocks >= info.f_bfree && info.f_bfree >= info.f_bavail);
  CHECK(info.f_namemax == 255);
  CHECK_ERROR(truncate("missing", 0), ENOENT);
}
