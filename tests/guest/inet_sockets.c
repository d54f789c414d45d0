/* TCP, UDP and ICMP over loopback. */
#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

static struct sockaddr_in at(uint32_t address, int port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(address)};
}

static int port_of(int fd) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  CHECK(getsockname(fd, (struct sockaddr*)&address, &length) == 0);
  return ntohs(((struct sockaddr_in*)&address)->sin_port);
}

static int listener(void) {
  struct sockaddr_in address = at(INADDR_LOOPBACK, 0);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(fd >= 0 && bind(fd, (struct sockaddr*)&address, sizeof address) == 0 && listen(fd, 8) == 0);
  return fd;
}

static int connect_to(int port) {
  struct sockaddr_in address = at(INADDR_LOOPBACK, port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(fd, (struct sockaddr*)&address, sizeof address) == 0);
  return fd;
}

static void tcp_pair(int pair[2]) {
  int server = listener();
  pair[0] = connect_to(port_of(server));
  pair[1] = accept(server, NULL, NULL);
  CHECK(pair[1] >= 0);
  close(server);
}

static int events_of(int fd) {
  struct pollfd entry = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
  CHECK(poll(&entry, 1, 0) >= 0);
  return entry.revents;
}

static int wait_for(int fd, short events) {
  struct pollfd entry = {.fd = fd, .events = events};
  CHECK(poll(&entry, 1, 10000) == 1);
  return entry.revents;
}

static int unused_port(void) {
  int fd = listener(), port = port_of(fd);
  close(fd);
  return port;
}

CASE(tcp_connects_and_passes_bytes) {
  int pair[2];
  char buffer[32];
  struct sockaddr_in local, peer;
  socklen_t length = sizeof local;
  tcp_pair(pair);
  CHECK(write(pair[0], "request", 7) == 7);
  CHECK(read(pair[1], buffer, 32) == 7 && memcmp(buffer, "request", 7) == 0);
  CHECK(write(pair[1], "answer", 6) == 6);
  CHECK(recv(pair[0], buffer, 3, MSG_PEEK) == 3 && read(pair[0], buffer, 32) == 6);
  CHECK(getsockname(pair[0], (struct sockaddr*)&local, &length) == 0 && length == sizeof local);
  CHECK(getpeername(pair[1], (struct sockaddr*)&peer, &length) == 0);
  CHECK(local.sin_port == peer.sin_port && local.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
}

static void* send_all(void* argument) {
  static unsigned char block[50000];
  int fd = *(int*)argument;
  for (int i = 0; i < 3000000; i += (int)sizeof block) {
    for (size_t j = 0; j < sizeof block; ++j) block[j] = (unsigned char)(((size_t)i + j) % 251);
    CHECK(write(fd, block, sizeof block) == sizeof block);
  }
  shutdown(fd, SHUT_WR);
  return NULL;
}

CASE(tcp_large_transfer) {
  int pair[2];
  pthread_t thread;
  static unsigned char buffer[9999];
  long total = 0;
  tcp_pair(pair);
  pthread_create(&thread, NULL, send_all, &pair[0]);
  for (ssize_t got; (got = read(pair[1], buffer, sizeof buffer)) != 0; total += got) {
    CHECK(got > 0);
    for (ssize_t i = 0; i < got; ++i) CHECK(buffer[i] == (total + i) % 251);
  }
  CHECK(total == 3000000);
  pthread_join(thread, NULL);
}

CASE(tcp_backpressure) {
  int pair[2];
  static char block[8192];
  long total = 0;
  tcp_pair(pair);
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  for (ssize_t put; (put = write(pair[0], block, sizeof block)) > 0; total += put) CHECK(total < 100000000);
  CHECK(errno == EAGAIN && total >= 65536 && (events_of(pair[0]) & POLLOUT) == 0);
  for (long left = total; left > 0;) {
    ssize_t got = read(pair[1], block, sizeof block);
    CHECK(got > 0);
    left -= got;
  }
  CHECK((wait_for(pair[0], POLLOUT) & POLLOUT) != 0);
}

CASE(tcp_refused) {
  struct sockaddr_in address = at(INADDR_LOOPBACK, unused_port());
  int fd = socket(AF_INET, SOCK_STREAM, 0), value = 0;
  socklen_t length = sizeof value;
  CHECK_ERROR(connect(fd, (struct sockaddr*)&address, sizeof address), ECONNREFUSED);
  int slow = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (connect(slow, (struct sockaddr*)&address, sizeof address) != 0 && errno == EINPROGRESS) {
    CHECK((wait_for(slow, POLLOUT) & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP));
    CHECK(getsockopt(slow, SOL_SOCKET, SO_ERROR, &value, &length) == 0 && value == ECONNREFUSED);
    CHECK(getsockopt(slow, SOL_SOCKET, SO_ERROR, &value, &length) == 0 && value == 0);
  } else {
    CHECK(errno == ECONNREFUSED);
  }
}

CASE(tcp_connect_without_waiting) {
  int server = listener(), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), value = 1;
  struct sockaddr_in address = at(INADDR_LOOPBACK, port_of(server));
  socklen_t length = sizeof value;
  CHECK_ERROR(connect(fd, (struct sockaddr*)&address, sizeof address), EINPROGRESS);
  CHECK(wait_for(fd, POLLOUT) == POLLOUT);
  CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length) == 0 && value == 0);
  CHECK(connect(fd, (struct sockaddr*)&address, sizeof address) == 0 || errno == EISCONN);
  CHECK_ERROR(connect(fd, (struct sockaddr*)&address, sizeof address), EISCONN);
}

CASE(tcp_end_of_stream_states) {
  int pair[2];
  char byte;
  signal(SIGPIPE, SIG_IGN);
  tcp_pair(pair);
  CHECK(events_of(pair[0]) == POLLOUT);
  CHECK(write(pair[0], "x", 1) == 1 && shutdown(pair[0], SHUT_WR) == 0);
  CHECK_ERROR(write(pair[0], "x", 1), EPIPE);
  CHECK(wait_for(pair[1], POLLRDHUP) == POLLRDHUP);
  CHECK(events_of(pair[1]) == (POLLIN | POLLOUT | POLLRDHUP));
  CHECK(read(pair[1], &byte, 1) == 1 && read(pair[1], &byte, 1) == 0);
  CHECK(write(pair[1], "y", 1) == 1 && read(pair[0], &byte, 1) == 1 && byte == 'y');
  close(pair[1]);
  CHECK(read(pair[0], &byte, 1) == 0);
  CHECK((events_of(pair[0]) & (POLLHUP | POLLRDHUP)) == (POLLHUP | POLLRDHUP));
}

CASE(tcp_close_with_unread_data_resets) {
  int pair[2];
  char byte;
  signal(SIGPIPE, SIG_IGN);
  tcp_pair(pair);
  CHECK(write(pair[0], "unread", 6) == 6);
  CHECK(wait_for(pair[1], POLLIN) == POLLIN);
  close(pair[1]);
  wait_for(pair[0], POLLIN);
  CHECK_ERROR(read(pair[0], &byte, 1), ECONNRESET);
  CHECK(read(pair[0], &byte, 1) == 0);
  CHECK_ERROR(write(pair[0], "x", 1), EPIPE);
}

CASE(tcp_linger_zero_resets) {
  int pair[2];
  char byte;
  struct linger linger = {1, 0};
  tcp_pair(pair);
  CHECK(setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
  close(pair[0]);
  wait_for(pair[1], POLLIN);
  CHECK_ERROR(read(pair[1], &byte, 1), ECONNRESET);
}

CASE(tcp_address_in_use) {
  int server = listener(), other = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = at(INADDR_LOOPBACK, port_of(server)), elsewhere = at(0x08080808, 0);
  CHECK_ERROR(bind(other, (struct sockaddr*)&address, sizeof address), EADDRINUSE);
  CHECK_ERROR(bind(other, (struct sockaddr*)&elsewhere, sizeof elsewhere), EADDRNOTAVAIL);
  CHECK_ERROR(bind(other, (struct sockaddr*)&address, 4), EINVAL);
  CHECK(setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
  int client = connect_to(port_of(server)), peer = accept(server, NULL, NULL);
  close(peer), close(server);
  char byte;
  CHECK(read(client, &byte, 1) == 0);
  close(client);
  CHECK(setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
  CHECK(bind(other, (struct sockaddr*)&address, sizeof address) == 0 && listen(other, 1) == 0);
  CHECK_ERROR(bind(other, (struct sockaddr*)&address, sizeof address), EINVAL);
}

CASE(tcp_calls_in_the_wrong_state) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  char byte;
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  signal(SIGPIPE, SIG_IGN);
  CHECK_ERROR(accept(fd, NULL, NULL), EINVAL);
  CHECK_ERROR(read(fd, &byte, 1), ENOTCONN);
  CHECK_ERROR(write(fd, "x", 1), EPIPE);
  CHECK_ERROR(shutdown(fd, SHUT_WR), ENOTCONN);
  CHECK_ERROR(getpeername(fd, (struct sockaddr*)&address, &length), ENOTCONN);
  CHECK((events_of(fd) & POLLHUP) != 0);
  CHECK_ERROR(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
  CHECK_ERROR(socket(AF_INET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
  int server = listener();
  CHECK_ERROR(accept4(server, NULL, NULL, 5), EINVAL);
  fcntl(server, F_SETFL, O_NONBLOCK);
  CHECK_ERROR(accept(server, NULL, NULL), EAGAIN);
}

CASE(tcp_options) {
  int pair[2], value = 1;
  socklen_t length = sizeof value;
  tcp_pair(pair);
  CHECK(setsockopt(pair[0], IPPROTO_TCP, TCP_NODELAY, &value, sizeof value) == 0);
  value = 0;
  CHECK(getsockopt(pair[0], IPPROTO_TCP, TCP_NODELAY, &value, &length) == 0 && value == 1);
  value = 33;
  CHECK(setsockopt(pair[0], IPPROTO_TCP, TCP_KEEPIDLE, &value, sizeof value) == 0);
  value = 0;
  CHECK(getsockopt(pair[0], IPPROTO_TCP, TCP_KEEPIDLE, &value, &length) == 0 && value == 33);
  value = 0;
  CHECK_ERROR(setsockopt(pair[0], IPPROTO_TCP, TCP_KEEPCNT, &value, sizeof value), EINVAL);
  struct tcp_info info;
  length = sizeof info;
  CHECK(getsockopt(pair[0], IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_state == TCP_ESTABLISHED);
  value = 77, length = sizeof value;
  CHECK(setsockopt(pair[0], IPPROTO_IP, IP_TTL, &value, sizeof value) == 0);
  CHECK(getsockopt(pair[0], IPPROTO_IP, IP_TTL, &value, &length) == 0 && value == 77);
  CHECK_ERROR(setsockopt(pair[0], IPPROTO_TCP, 999, &value, sizeof value), ENOPROTOOPT);
  CHECK(getsockopt(pair[0], SOL_SOCKET, SO_PROTOCOL, &value, &length) == 0 && value == IPPROTO_TCP);
  int server = listener();
  CHECK(getsockopt(server, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value == 1);
}

CASE(tcp_requests_are_quick_both_ways) {
  int pair[2], status;
  tcp_pair(pair);
  pid_t pid = fork();
  char buffer[64];
  if (pid == 0) {
    for (int i = 0; i < 200; ++i) CHECK(read(pair[1], buffer, 64) == 20 && write(pair[1], buffer, 20) == 20);
    _exit(0);
  }
  struct timeval start, end;
  gettimeofday(&start, NULL);
  /* Two small writes for each answer: neither may wait for a timer. */
  for (int i = 0; i < 200; ++i) {
    struct iovec parts[2] = {{"0123456789", 10}, {"abcdefghij", 10}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    CHECK(sendmsg(pair[0], &message, 0) == 20);
    CHECK(recv(pair[0], buffer, 20, MSG_WAITALL) == 20);
  }
  gettimeofday(&end, NULL);
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
  CHECK(end.tv_sec - start.tv_sec < 8);
}

CASE(tcp_many_connections) {
  int server = listener(), clients[40], peers[40];
  CHECK(listen(server, 64) == 0);
  for (int i = 0; i < 40; ++i) clients[i] = connect_to(port_of(server));
  for (int i = 0; i < 40; ++i) {
    CHECK((peers[i] = accept(server, NULL, NULL)) >= 0);
    CHECK(write(peers[i], &i, sizeof i) == sizeof i);
  }
  int seen[40] = {0};
  for (int i = 0; i < 40; ++i) {
    int value = -1;
    CHECK(read(clients[i], &value, sizeof value) == sizeof value && value >= 0 && value < 40 && !seen[value]++);
  }
}

CASE(tcp_accept_wakes_epoll) {
  int server = listener(), set = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = 7}, out[1];
  CHECK(epoll_ctl(set, EPOLL_CTL_ADD, server, &event) == 0 && epoll_wait(set, out, 1, 0) == 0);
  connect_to(port_of(server));
  CHECK(epoll_wait(set, out, 1, 5000) == 1 && out[0].data.u32 == 7 && out[0].events == EPOLLIN);
  CHECK(accept(server, NULL, NULL) >= 0 && epoll_wait(set, out, 1, 0) == 0);
}

CASE(tcp_over_ipv6_and_mapped) {
  int server = socket(AF_INET6, SOCK_STREAM, 0);
  struct sockaddr_in6 address = {.sin6_family = AF_INET6}, peer;
  socklen_t length = sizeof peer;
  CHECK(bind(server, (struct sockaddr*)&address, sizeof address) == 0 && listen(server, 4) == 0);
  length = sizeof address;
  CHECK(getsockname(server, (struct sockaddr*)&address, &length) == 0 && length == sizeof address);
  int client = socket(AF_INET6, SOCK_STREAM, 0);
  address.sin6_addr = in6addr_loopback;
  CHECK(connect(client, (struct sockaddr*)&address, sizeof address) == 0);
  length = sizeof peer;
  int accepted = accept(server, (struct sockaddr*)&peer, &length);
  CHECK(accepted >= 0 && IN6_IS_ADDR_LOOPBACK(&peer.sin6_addr));
  CHECK(write(client, "six", 3) == 3);
  char buffer[8];
  CHECK(read(accepted, buffer, 8) == 3);
  connect_to(ntohs(address.sin6_port));
  length = sizeof peer;
  CHECK(accept(server, (struct sockaddr*)&peer, &length) >= 0 && IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr));
  int only = socket(AF_INET6, SOCK_STREAM, 0), on = 1;
  CHECK(setsockopt(only, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0);
  memset(&address, 0, sizeof address), address.sin6_family = AF_INET6;
  CHECK(bind(only, (struct sockaddr*)&address, sizeof address) == 0 && listen(only, 1) == 0);
  struct sockaddr_in four = at(INADDR_LOOPBACK, port_of(only));
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_ERROR(connect(fd, (struct sockaddr*)&four, sizeof four), ECONNREFUSED);
}

static int udp_at(struct sockaddr_in* address) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  *address = at(INADDR_LOOPBACK, 0);
  CHECK(bind(fd, (struct sockaddr*)address, sizeof *address) == 0);
  address->sin_port = htons((uint16_t)port_of(fd));
  return fd;
}

CASE(udp_passes_datagrams) {
  struct sockaddr_in one_address, two_address, from;
  int one = udp_at(&one_address), two = udp_at(&two_address), available = 0;
  socklen_t length = sizeof from;
  char buffer[32];
  CHECK(sendto(one, "hello", 5, 0, (struct sockaddr*)&two_address, sizeof two_address) == 5);
  CHECK(sendto(one, "", 0, 0, (struct sockaddr*)&two_address, sizeof two_address) == 0);
  CHECK(wait_for(two, POLLIN) == POLLIN && ioctl(two, FIONREAD, &available) == 0 && available == 5);
  CHECK(recvfrom(two, buffer, 3, MSG_PEEK | MSG_TRUNC, (struct sockaddr*)&from, &length) == 5);
  CHECK(recvfrom(two, buffer, 32, 0, (struct sockaddr*)&from, &length) == 5 && from.sin_port == one_address.sin_port);
  CHECK(recv(two, buffer, 32, 0) == 0);
  CHECK_ERROR(recv(two, buffer, 32, MSG_DONTWAIT), EAGAIN);
  CHECK_ERROR(send(one, "x", 1, 0), EDESTADDRREQ);
}

CASE(udp_connected_filters_and_hears_of_errors) {
  struct sockaddr_in one_address, two_address, three_address, nobody;
  int one = udp_at(&one_address), two = udp_at(&two_address), three = udp_at(&three_address);
  char buffer[8];
  CHECK(connect(one, (struct sockaddr*)&two_address, sizeof two_address) == 0 && send(one, "x", 1, 0) == 1);
  CHECK(sendto(three, "no", 2, 0, (struct sockaddr*)&one_address, sizeof one_address) == 2);
  CHECK(sendto(two, "yes", 3, 0, (struct sockaddr*)&one_address, sizeof one_address) == 3);
  CHECK(recv(one, buffer, 8, 0) == 3);
  int gone = udp_at(&nobody);
  close(gone);
  CHECK(connect(three, (struct sockaddr*)&nobody, sizeof nobody) == 0 && send(three, "x", 1, 0) == 1);
  CHECK((wait_for(three, POLLIN) & POLLERR) != 0);
  CHECK_ERROR(recv(three, buffer, 8, 0), ECONNREFUSED);
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  CHECK(connect(one, &none, sizeof none) == 0);
  CHECK_ERROR(send(one, "x", 1, 0), EDESTADDRREQ);
}

CASE(udp_large_datagrams) {
  struct sockaddr_in address, from;
  int one = udp_at(&from), two = udp_at(&address);
  static char block[65507], got[65507];
  for (size_t i = 0; i < sizeof block; ++i) block[i] = (char)(i * 7);
  CHECK(sendto(one, block, sizeof block, 0, (struct sockaddr*)&address, sizeof address) == sizeof block);
  CHECK(recv(two, got, sizeof got, 0) == sizeof got && memcmp(block, got, sizeof got) == 0);
  char more[65508];
  CHECK_ERROR(sendto(one, more, sizeof more, 0, (struct sockaddr*)&address, sizeof address), EMSGSIZE);
}

CASE(udp_tells_where_a_packet_went) {
  struct sockaddr_in address, from;
  int one = udp_at(&from), two = udp_at(&address), on = 1;
  char buffer[8], control[128];
  struct iovec vector = {buffer, sizeof buffer};
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  CHECK(setsockopt(two, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0);
  CHECK(sendto(one, "x", 1, 0, (struct sockaddr*)&address, sizeof address) == 1);
  CHECK(recvmsg(two, &message, 0) == 1);
  struct cmsghdr* item = CMSG_FIRSTHDR(&message);
  CHECK(item != NULL && item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO);
  struct in_pktinfo info;
  memcpy(&info, CMSG_DATA(item), sizeof info);
  CHECK(info.ipi_addr.s_addr == htonl(INADDR_LOOPBACK) && info.ipi_ifindex == 1);
}

CASE(udp_broadcast_needs_permission) {
  struct sockaddr_in address = at(INADDR_BROADCAST, 9);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  CHECK(sendto(fd, "x", 1, 0, (struct sockaddr*)&address, sizeof address) == -1);
  CHECK(errno == EACCES || errno == ENETUNREACH);
}

static unsigned short sum_of(const unsigned char* data, size_t size) {
  unsigned long sum = 0;
  for (size_t i = 0; i + 1 < size; i += 2) sum += (unsigned long)(data[i] << 8 | data[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (unsigned short)~sum;
}

CASE(raw_socket_pings_loopback) {
  int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  if (fd < 0 && errno == EPERM) return;
  unsigned char request[16] = {8, 0, 0, 0, 0x12, 0x34, 0, 1, 'p', 'i', 'n', 'g'}, packet[128];
  struct sockaddr_in address = at(INADDR_LOOPBACK, 0);
  unsigned short sum = sum_of(request, sizeof request);
  request[2] = (unsigned char)(sum >> 8), request[3] = (unsigned char)sum;
  CHECK(sendto(fd, request, sizeof request, 0, (struct sockaddr*)&address, sizeof address) == sizeof request);
  for (;;) {
    CHECK((wait_for(fd, POLLIN) & POLLIN) != 0);
    ssize_t got = recv(fd, packet, sizeof packet, 0);
    CHECK(got >= 36 && packet[0] == 0x45);
    if (packet[20] == 0 && packet[24] == 0x12 && packet[25] == 0x34) break;
  }
  CHECK(memcmp(packet + 28, "ping", 4) == 0);
}
