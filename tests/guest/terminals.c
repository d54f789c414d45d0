/* Pseudo-terminals: the line discipline, sessions, signals, hang-up. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <utmp.h>

struct pair {
  int master, slave;
};

static struct pair open_pair(void) {
  struct pair pty;
  CHECK(openpty(&pty.master, &pty.slave, NULL, NULL, NULL) == 0);
  return pty;
}

static void make_raw(int fd) {
  struct termios settings;
  CHECK(tcgetattr(fd, &settings) == 0);
  cfmakeraw(&settings);
  CHECK(tcsetattr(fd, TCSANOW, &settings) == 0);
}

static void expect_read(int fd, const char* text) {
  char got[256] = {0};
  size_t have = 0, wanted = strlen(text);
  while (have < wanted) {
    ssize_t n = read(fd, got + have, sizeof got - 1 - have);
    CHECK(n > 0);
    have += (size_t)n;
  }
  if (strcmp(got, text) != 0) FAIL(got);
}

static void send_text(int fd, const char* text) { CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text)); }

CASE(pty_names_and_numbers) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  CHECK(master >= 0 && grantpt(master) == 0);
  int locked = 0;
  unsigned number = ~0u;
  CHECK(ioctl(master, TIOCGPTN, &number) == 0);
  char name[64], wanted[64];
  snprintf(wanted, sizeof wanted, "/dev/pts/%u", number);
  CHECK_ERROR(open(wanted, O_RDWR | O_NOCTTY), EIO);
  CHECK(unlockpt(master) == 0 && ioctl(master, 0x80045439, &locked) == 0 && locked == 0);
  CHECK(ptsname_r(master, name, sizeof name) == 0 && strcmp(name, wanted) == 0);
  int slave = open(name, O_RDWR | O_NOCTTY);
  CHECK(slave >= 0 && isatty(slave) && isatty(master));
  struct stat st;
  CHECK(fstat(slave, &st) == 0 && S_ISCHR(st.st_mode));
  CHECK(major(st.st_rdev) == 136 && minor(st.st_rdev) == number);
  CHECK(st.st_uid == getuid());
  CHECK(ttyname_r(slave, name, sizeof name) == 0 && strcmp(name, wanted) == 0);
  close(slave);
  close(master);
  CHECK_ERROR(open(wanted, O_RDWR | O_NOCTTY), ENOENT);
}

CASE(pty_canonical_line_and_echo) {
  struct pair pty = open_pair();
  send_text(pty.master, "hellx\177o\n");
  expect_read(pty.slave, "hello\n");
  expect_read(pty.master, "hellx\b \bo\r\n");
}

CASE(pty_line_is_not_readable_before_its_end) {
  struct pair pty = open_pair();
  send_text(pty.master, "abc");
  struct pollfd item = {.fd = pty.slave, .events = POLLIN};
  CHECK(poll(&item, 1, 50) == 0);
  send_text(pty.master, "\n");
  CHECK(poll(&item, 1, 5000) == 1 && (item.revents & POLLIN));
  char part[2];
  CHECK(read(pty.slave, part, 2) == 2 && memcmp(part, "ab", 2) == 0);
  expect_read(pty.slave, "c\n");
}

CASE(pty_end_of_file_character) {
  struct pair pty = open_pair();
  char byte;
  send_text(pty.master, "\004");
  CHECK(read(pty.slave, &byte, 1) == 0);
  send_text(pty.master, "x\004");
  CHECK(read(pty.slave, &byte, 1) == 1 && byte == 'x');
}

CASE(pty_raw_passes_every_byte) {
  struct pair pty = open_pair();
  make_raw(pty.slave);
  unsigned char all[256], got[256];
  for (int i = 0; i < 256; ++i) all[i] = (unsigned char)i;
  CHECK(write(pty.master, all, 256) == 256);
  size_t have = 0;
  while (have < 256) {
    ssize_t n = read(pty.slave, got + have, 256 - have);
    CHECK(n > 0);
    have += (size_t)n;
  }
  CHECK(memcmp(all, got, 256) == 0);
  CHECK(write(pty.slave, all, 256) == 256);
  have = 0;
  while (have < 256) {
    ssize_t n = read(pty.master, got + have, 256 - have);
    CHECK(n > 0);
    have += (size_t)n;
  }
  CHECK(memcmp(all, got, 256) == 0);
}

CASE(pty_paste_of_64k_arrives_whole) {
  struct pair pty = open_pair();
  make_raw(pty.slave);
  enum { kSize = 65536 };
  static unsigned char sent[kSize], got[kSize];
  for (int i = 0; i < kSize; ++i) sent[i] = (unsigned char)(i * 7 + i / 251);
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    for (size_t done = 0; done < kSize;) {
      ssize_t n = write(pty.master, sent + done, kSize - done);
      CHECK(n > 0);
      done += (size_t)n;
    }
    _exit(0);
  }
  for (size_t have = 0; have < kSize;) {
    ssize_t n = read(pty.slave, got + have, kSize - have);
    CHECK(n > 0);
    have += (size_t)n;
  }
  CHECK(memcmp(sent, got, kSize) == 0);
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

CASE(pty_output_waits_for_the_master) {
  struct pair pty = open_pair();
  make_raw(pty.slave);
  CHECK(fcntl(pty.slave, F_SETFL, O_RDWR | O_NONBLOCK) == 0);
  char block[1024];
  memset(block, 'z', sizeof block);
  long total = 0;
  for (ssize_t n; (n = write(pty.slave, block, sizeof block)) > 0;) total += n;
  CHECK(errno == EAGAIN && total > 0);
  struct pollfd item = {.fd = pty.slave, .events = POLLOUT};
  CHECK(poll(&item, 1, 0) == 0);
  long seen = 0;
  while (seen < total) {
    ssize_t n = read(pty.master, block, sizeof block);
    CHECK(n > 0);
    seen += n;
  }
  CHECK(poll(&item, 1, 5000) == 1 && (item.revents & POLLOUT));
}

CASE(pty_window_size_and_its_signal) {
  struct winsize size = {.ws_row = 33, .ws_col = 101}, got;
  struct pair pty = open_pair();
  CHECK(ioctl(pty.master, TIOCSWINSZ, &size) == 0);
  CHECK(ioctl(pty.slave, TIOCGWINSZ, &got) == 0 && got.ws_row == 33 && got.ws_col == 101);
  CHECK(ioctl(pty.master, TIOCGWINSZ, &got) == 0 && got.ws_col == 101);
}

CASE(pty_controls_a_session) {
  int master, status;
  pid_t pid = forkpty(&master, NULL, NULL, NULL);
  CHECK(pid >= 0);
  if (pid == 0) {
    int fd = open("/dev/tty", O_RDWR);
    if (fd < 0 || !isatty(fd) || tcgetpgrp(fd) != getpid() || tcgetsid(fd) != getpid()) _exit(1);
    if (write(fd, "ready\n", 6) != 6) _exit(2);
    char line[32] = {0};
    if (read(0, line, sizeof line) != 4 || strcmp(line, "end\n") != 0) _exit(3);
    _exit(0);
  }
  expect_read(master, "ready\r\n");
  send_text(master, "end\n");
  CHECK(waitpid(pid, &status, 0) == pid);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

CASE(pty_interrupt_character_signals_the_foreground) {
  int master, status;
  pid_t pid = forkpty(&master, NULL, NULL, NULL);
  if (pid == 0) {
    (void)!write(1, "go\n", 3);
    for (;;) pause();
  }
  expect_read(master, "go\r\n");
  send_text(master, "\003");
  CHECK(waitpid(pid, &status, 0) == pid);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

CASE(pty_master_close_hangs_up) {
  int master, status;
  pid_t pid = forkpty(&master, NULL, NULL, NULL);
  if (pid == 0) {
    (void)!write(1, "go\n", 3);
    for (;;) pause();
  }
  expect_read(master, "go\r\n");
  close(master);
  CHECK(waitpid(pid, &status, 0) == pid);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
}

CASE(pty_after_the_master_is_gone) {
  struct pair pty = open_pair();
  char byte = 'x';
  close(pty.master);
  CHECK(read(pty.slave, &byte, 1) == 0);
  CHECK_ERROR(write(pty.slave, &byte, 1), EIO);
  struct pollfd item = {.fd = pty.slave, .events = POLLIN};
  CHECK(poll(&item, 1, 1000) == 1 && (item.revents & POLLHUP));
}

CASE(pty_after_the_slaves_are_gone) {
  struct pair pty = open_pair();
  char text[8];
  send_text(pty.slave, "last");
  close(pty.slave);
  CHECK(read(pty.master, text, sizeof text) == 4);
  CHECK_ERROR(read(pty.master, text, sizeof text), EIO);
  struct pollfd item = {.fd = pty.master, .events = POLLIN};
  CHECK(poll(&item, 1, 1000) == 1 && (item.revents & POLLHUP));
}

CASE(pty_many_at_once) {
  enum { kCount = 40 };
  struct pair all[kCount];
  for (int i = 0; i < kCount; ++i) all[i] = open_pair();
  for (int i = 0; i < kCount; ++i) {
    char line[16];
    snprintf(line, sizeof line, "n%d\n", i);
    send_text(all[i].master, line);
  }
  for (int i = kCount - 1; i >= 0; --i) {
    char line[16];
    snprintf(line, sizeof line, "n%d\n", i);
    expect_read(all[i].slave, line);
  }
}

CASE(tty_device_needs_a_terminal) {
  int status;
  IN_CHILD(status, {
    CHECK(setsid() == getpid());
    CHECK_ERROR(open("/dev/tty", O_RDWR), ENXIO);
  });
  CHECK(status == 0);
}

CASE(pty_minimum_and_time) {
  struct pair pty = open_pair();
  struct termios settings;
  make_raw(pty.slave);
  CHECK(tcgetattr(pty.slave, &settings) == 0);
  settings.c_cc[VMIN] = 0;
  settings.c_cc[VTIME] = 1;
  CHECK(tcsetattr(pty.slave, TCSANOW, &settings) == 0);
  char bytes[8];
  CHECK(read(pty.slave, bytes, sizeof bytes) == 0);
  settings.c_cc[VMIN] = 3;
  settings.c_cc[VTIME] = 0;
  CHECK(tcsetattr(pty.slave, TCSANOW, &settings) == 0);
  send_text(pty.master, "ab");
  struct pollfd item = {.fd = pty.slave, .events = POLLIN};
  poll(&item, 1, 20);
  send_text(pty.master, "c");
  CHECK(read(pty.slave, bytes, sizeof bytes) == 3);
}

/* What the master writes at once a reader finds at once: programs decide by that whether somebody types or a key sends
   several bytes. On Linux it may be divided now and then, where its buffers end. */
CASE(what_is_written_at_once_arrives_at_once) {
  enum { kRounds = 2000, kSize = 64 };
  struct pair pty = open_pair();
  make_raw(pty.slave);
  CHECK(fcntl(pty.slave, F_SETFL, O_NONBLOCK) == 0);
  int acknowledge[2];
  CHECK(pipe(acknowledge) == 0);
  pid_t reader = fork();
  CHECK(reader >= 0);
  if (reader == 0) {
    int divided = 0;
    for (int round = 0; round < kRounds; ++round) {
      char got[kSize];
      for (ssize_t have = 0, n; have < kSize; have += n > 0 ? n : 0) {
        n = read(pty.slave, got, (size_t)(kSize - have));
        if (n > 0 && n < kSize && have == 0) ++divided;
        if (n < 0 && errno != EAGAIN) _exit(255);
      }
      if (write(acknowledge[1], "", 1) != 1) _exit(255);
    }
    _exit(divided < kRounds / 20 ? 0 : divided > 250 ? 250 : divided);
  }
  char text[kSize], byte;
  memset(text, 'x', sizeof text);
  for (int round = 0; round < kRounds; ++round) {
    CHECK(write(pty.master, text, kSize) == kSize);
    CHECK(read(acknowledge[0], &byte, 1) == 1);
  }
  int status;
  CHECK(waitpid(reader, &status, 0) == reader);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
