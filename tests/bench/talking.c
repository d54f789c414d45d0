/* Pipes and sockets between two processes: a byte there and back, and data in one direction, 64 KiB the operation. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "bench.h"

enum { kBlock = 65536 };
static char g_block[kBlock];
static int g_in, g_out;
static struct sockaddr_in g_address;

/* The partner of a latency: sends back what it gets, one byte at a time. */
static void echo_forever(int in, int out) {
  char byte;
  while (read(in, &byte, 1) == 1 && write(out, &byte, 1) == 1) {}
  _exit(0);
}
static void drain_forever(int in) {
  while (read(in, g_block, kBlock) > 0) {}
  _exit(0);
}
static void ping(long n) {
  char byte = 0;
  while (n-- > 0) MUST(write(g_out, &byte, 1) == 1 && read(g_in, &byte, 1) == 1);
}
static void pour(long n) {
  while (n-- > 0) {
    for (ssize_t left = kBlock; left > 0;) {
      const ssize_t sent = write(g_out, g_block, (size_t)left);
      MUST(sent > 0);
      left -= sent;
    }
  }
}

static void pipe_partner(void) {
  int there[2], back[2];
  MUST(pipe(there) == 0 && pipe(back) == 0);
  if (fork() == 0) echo_forever(there[0], back[1]);
  g_out = there[1];
  g_in = back[0];
}
BENCH(pipe_lat, pipe_partner) { ping(n); }

static void pipe_drain(void) {
  int there[2];
  MUST(pipe(there) == 0);
  if (fork() == 0) {
    close(there[1]);
    drain_forever(there[0]);
  }
  g_out = there[1];
}
BENCH(pipe_64k, pipe_drain) { pour(n); }

static void unix_partner(void) {
  int ends[2];
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  if (fork() == 0) echo_forever(ends[1], ends[1]);
  g_in = g_out = ends[0];
}
BENCH(unix_lat, unix_partner) { ping(n); }

static void unix_drain(void) {
  int ends[2];
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  if (fork() == 0) {
    close(ends[0]);
    drain_forever(ends[1]);
  }
  g_out = ends[0];
}
BENCH(unix_64k, unix_drain) { pour(n); }

static int listener_on_loopback(int type) {
  const int fd = socket(AF_INET, type, 0);
  socklen_t length = sizeof g_address;
  g_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  MUST(fd >= 0 && bind(fd, (struct sockaddr*)&g_address, sizeof g_address) == 0);
  MUST(type == SOCK_DGRAM || listen(fd, 64) == 0);
  MUST(getsockname(fd, (struct sockaddr*)&g_address, &length) == 0);
  return fd;
}
static int connected(int type) {
  const int fd = socket(AF_INET, type, 0), yes = 1;
  MUST(fd >= 0 && connect(fd, (struct sockaddr*)&g_address, sizeof g_address) == 0);
  if (type == SOCK_STREAM) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return fd;
}
static int accepted(int listener) {
  const int fd = accept(listener, NULL, NULL), yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return fd;
}

static void tcp_partner(void) {
  const int listener = listener_on_loopback(SOCK_STREAM);
  if (fork() == 0) {
    const int fd = accepted(listener);
    echo_forever(fd, fd);
  }
  g_in = g_out = connected(SOCK_STREAM);
}
BENCH(tcp_lat, tcp_partner) { ping(n); }

static void tcp_drain(void) {
  const int listener = listener_on_loopback(SOCK_STREAM);
  if (fork() == 0) drain_forever(accepted(listener));
  g_out = connected(SOCK_STREAM);
}
BENCH(tcp_64k, tcp_drain) { pour(n); }

static void tcp_acceptor(void) {
  const int listener = listener_on_loopback(SOCK_STREAM);
  if (fork() != 0) return;
  for (;;) close(accept(listener, NULL, NULL));
}
BENCH(tcp_connect, tcp_acceptor) {
  while (n-- > 0) {
    const int fd = connected(SOCK_STREAM);
    char byte;
    MUST(read(fd, &byte, 1) == 0);
    close(fd);
  }
}

static void udp_partner(void) {
  const int fd = listener_on_loopback(SOCK_DGRAM);
  if (fork() == 0) {
    for (;;) {
      struct sockaddr_in from;
      socklen_t length = sizeof from;
      char byte;
      if (recvfrom(fd, &byte, 1, 0, (struct sockaddr*)&from, &length) != 1) _exit(1);
      if (sendto(fd, &byte, 1, 0, (struct sockaddr*)&from, length) != 1) _exit(1);
    }
  }
  g_in = g_out = connected(SOCK_DGRAM);
}
BENCH(udp_lat, udp_partner) { ping(n); }
