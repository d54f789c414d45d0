/* Unix-domain sockets: streams, datagrams, sequential packets, names, descriptors and credentials in messages. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

static socklen_t name_of(struct sockaddr_un* address, const char* path) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strcpy(address->sun_path, path);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

static socklen_t abstract_name(struct sockaddr_un* address, const char* name) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  int length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "%s-%d", name, getpid());
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

static int listener(int type, const char* path) {
  struct sockaddr_un address;
  socklen_t length = name_of(&address, path);
  int fd = socket(AF_UNIX, type, 0);
  CHECK(fd >= 0 && bind(fd, (struct sockaddr*)&address, length) == 0 && listen(fd, 5) == 0);
  return fd;
}

static int connected_to(int type, const char* path) {
  struct sockaddr_un address;
  socklen_t length = name_of(&address, path);
  int fd = socket(AF_UNIX, type, 0);
  CHECK(fd >= 0 && connect(fd, (struct sockaddr*)&address, length) == 0);
  return fd;
}

static int events_of(int fd) {
  struct pollfd entry = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
  CHECK(poll(&entry, 1, 0) >= 0);
  return entry.revents;
}

CASE(socketpair_stream_passes_bytes) {
  int pair[2];
  char buffer[64];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  CHECK(write(pair[0], "hello ", 6) == 6 && write(pair[0], "world", 5) == 5);
  int available = 0;
  CHECK(ioctl(pair[1], FIONREAD, &available) == 0 && available == 11);
  CHECK(read(pair[1], buffer, sizeof buffer) == 11 && memcmp(buffer, "hello world", 11) == 0);
  CHECK(send(pair[1], "back", 4, 0) == 4);
  CHECK(recv(pair[0], buffer, 2, MSG_PEEK) == 2 && recv(pair[0], buffer, 64, 0) == 4 && memcmp(buffer, "back", 4) == 0);
  CHECK_ERROR(recv(pair[0], buffer, 64, MSG_DONTWAIT), EAGAIN);
  CHECK(write(pair[0], "", 0) == 0);
  CHECK_ERROR(recv(pair[1], buffer, 64, MSG_DONTWAIT), EAGAIN);
}

CASE(socketpair_large_transfer_with_backpressure) {
  int pair[2], status;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    close(pair[0]);
    static unsigned char block[100000];
    for (int i = 0; i < 2000000; i += (int)sizeof block) {
      for (size_t j = 0; j < sizeof block; ++j) block[j] = (unsigned char)(((size_t)i + j) % 253);
      CHECK(write(pair[1], block, sizeof block) == sizeof block);
    }
    _exit(0);
  }
  close(pair[1]);
  static unsigned char buffer[7777];
  long total = 0;
  for (ssize_t got; (got = read(pair[0], buffer, sizeof buffer)) != 0; total += got) {
    CHECK(got > 0);
    for (ssize_t i = 0; i < got; ++i) CHECK(buffer[i] == (total + i) % 253);
  }
  CHECK(total == 2000000 && waitpid(pid, &status, 0) == pid && status == 0);
}

CASE(stream_full_gives_eagain_and_poll_agrees) {
  int pair[2];
  static char block[4096];
  long total = 0;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
  CHECK(events_of(pair[0]) == POLLOUT);
  for (ssize_t put; (put = write(pair[0], block, sizeof block)) > 0;) total += put;
  CHECK(errno == EAGAIN && total >= 65536);
  CHECK(events_of(pair[0]) == 0 && events_of(pair[1]) == (POLLIN | POLLOUT));
  for (long left = total; left > 0;) {
    ssize_t got = read(pair[1], block, sizeof block);
    CHECK(got > 0);
    left -= got;
  }
  CHECK(events_of(pair[0]) == POLLOUT);
}

CASE(stream_end_and_broken_pipe) {
  int pair[2];
  char byte;
  signal(SIGPIPE, SIG_IGN);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  CHECK(write(pair[0], "x", 1) == 1);
  close(pair[0]);
  CHECK(events_of(pair[1]) == (POLLIN | POLLOUT | POLLHUP | POLLRDHUP));
  CHECK(read(pair[1], &byte, 1) == 1 && read(pair[1], &byte, 1) == 0);
  CHECK_ERROR(write(pair[1], "x", 1), EPIPE);
  CHECK_ERROR(send(pair[1], "x", 1, MSG_NOSIGNAL), EPIPE);
}

CASE(stream_close_with_unread_data_resets) {
  int pair[2];
  char byte;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  CHECK(write(pair[1], "lost", 4) == 4);
  close(pair[0]);
  CHECK_ERROR(read(pair[1], &byte, 1), ECONNRESET);
  CHECK(read(pair[1], &byte, 1) == 0);
}

CASE(sigpipe_is_sent_unless_asked_not_to) {
  int status;
  IN_CHILD(status, {
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    close(pair[0]);
    if (send(pair[1], "x", 1, MSG_NOSIGNAL) != -1) _exit(1);
    send(pair[1], "x", 1, 0);
    _exit(2);
  });
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

CASE(shutdown_of_one_direction) {
  int pair[2];
  char byte;
  signal(SIGPIPE, SIG_IGN);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  CHECK(write(pair[0], "x", 1) == 1 && shutdown(pair[0], SHUT_WR) == 0);
  CHECK_ERROR(write(pair[0], "x", 1), EPIPE);
  CHECK(events_of(pair[1]) == (POLLIN | POLLOUT | POLLRDHUP));
  CHECK(read(pair[1], &byte, 1) == 1 && read(pair[1], &byte, 1) == 0);
  CHECK(write(pair[1], "y", 1) == 1 && read(pair[0], &byte, 1) == 1 && byte == 'y');
  CHECK(shutdown(pair[0], SHUT_RD) == 0);
  CHECK_ERROR(write(pair[1], "y", 1), EPIPE);
  CHECK_ERROR(shutdown(pair[0], 7), EINVAL);
  int lone = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(shutdown(lone, SHUT_RD) == 0); /* unlike TCP's */
}

CASE(listen_accept_connect_by_path) {
  int server = listener(SOCK_STREAM, "place");
  struct stat status;
  struct sockaddr_un address;
  socklen_t length = sizeof address;
  char buffer[8];
  CHECK(stat("place", &status) == 0 && S_ISSOCK(status.st_mode));
  CHECK(events_of(server) == 0);
  int client = connected_to(SOCK_STREAM, "place");
  CHECK(events_of(server) == POLLIN);
  CHECK(write(client, "early", 5) == 5);
  int peer = accept4(server, (struct sockaddr*)&address, &length, SOCK_CLOEXEC);
  CHECK(peer >= 0 && fcntl(peer, F_GETFD) == FD_CLOEXEC && length == 2);
  CHECK(read(peer, buffer, 8) == 5);
  length = sizeof address;
  CHECK(getsockname(peer, (struct sockaddr*)&address, &length) == 0 && strcmp(address.sun_path, "place") == 0);
  length = sizeof address;
  CHECK(getpeername(client, (struct sockaddr*)&address, &length) == 0 && length == 2 + 6);
  CHECK_ERROR(open("place", O_RDWR), ENXIO);
}

CASE(unix_connection_errors) {
  struct sockaddr_un address;
  socklen_t length = name_of(&address, "nobody");
  int fd = socket(AF_UNIX, SOCK_STREAM, 0), server = listener(SOCK_STREAM, "listens");
  CHECK_ERROR(connect(fd, (struct sockaddr*)&address, length), ENOENT);
  close(open("nobody", O_CREAT | O_RDWR, 0600));
  CHECK_ERROR(connect(fd, (struct sockaddr*)&address, length), ECONNREFUSED);
  length = name_of(&address, "listens");
  CHECK_ERROR(bind(fd, (struct sockaddr*)&address, length), EADDRINUSE);
  CHECK_ERROR(accept(fd, NULL, NULL), EINVAL);
  CHECK_ERROR(listen(fd, 1), EINVAL);
  CHECK_ERROR(send(fd, "x", 1, 0), ENOTCONN);
  CHECK_ERROR(getpeername(fd, (struct sockaddr*)&address, &length), ENOTCONN);
  int datagram = socket(AF_UNIX, SOCK_DGRAM, 0);
  length = name_of(&address, "listens");
  CHECK_ERROR(connect(datagram, (struct sockaddr*)&address, length), EPROTOTYPE);
  CHECK(connect(fd, (struct sockaddr*)&address, length) == 0);
  CHECK_ERROR(connect(fd, (struct sockaddr*)&address, length), EISCONN);
  close(server);
  int late = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK_ERROR(connect(late, (struct sockaddr*)&address, length), ECONNREFUSED);
  CHECK_ERROR(socket(AF_UNIX, 9, 0), ESOCKTNOSUPPORT);
  CHECK_ERROR(socket(AF_UNIX, SOCK_STREAM, 77), EPROTONOSUPPORT);
  CHECK_ERROR(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT);
  CHECK_ERROR(bind(open("nobody", O_RDONLY), (struct sockaddr*)&address, length), ENOTSOCK);
  CHECK_ERROR(listen(999, 1), EBADF);
}

CASE(full_backlog_refuses_to_wait) {
  struct sockaddr_un address;
  int server = listener(SOCK_STREAM, "busy"), taken = 0;
  socklen_t length = name_of(&address, "busy");
  CHECK(listen(server, 2) == 0);
  for (; taken < 20; ++taken) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connect(fd, (struct sockaddr*)&address, length) != 0) break;
  }
  CHECK(errno == EAGAIN && taken == 3);
}

static void* accept_one(void* argument) {
  usleep(30000);
  CHECK(accept(*(int*)argument, NULL, NULL) >= 0);
  return NULL;
}

CASE(connect_waits_for_a_place_in_the_backlog) {
  pthread_t thread;
  int server = listener(SOCK_STREAM, "slow");
  CHECK(listen(server, 0) == 0);
  connected_to(SOCK_STREAM, "slow");
  pthread_create(&thread, NULL, accept_one, &server);
  connected_to(SOCK_STREAM, "slow");
  pthread_join(thread, NULL);
}

CASE(abstract_names) {
  struct sockaddr_un address, seen;
  socklen_t length = abstract_name(&address, "check"), seen_length = sizeof seen;
  int server = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(server, (struct sockaddr*)&address, length) == 0 && listen(server, 1) == 0);
  CHECK_ERROR(bind(other, (struct sockaddr*)&address, length), EADDRINUSE);
  CHECK_ERROR(connect(other, (struct sockaddr*)&address, length - 1), ECONNREFUSED);
  CHECK(connect(other, (struct sockaddr*)&address, length) == 0);
  CHECK(getpeername(other, (struct sockaddr*)&seen, &seen_length) == 0);
  CHECK(seen_length == length && memcmp(&seen, &address, length) == 0);
  close(server);
  int again = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(again, (struct sockaddr*)&address, length) == 0);
  int automatic = socket(AF_UNIX, SOCK_DGRAM, 0);
  CHECK(bind(automatic, (struct sockaddr*)&address, 2) == 0);
  seen_length = sizeof seen;
  CHECK(getsockname(automatic, (struct sockaddr*)&seen, &seen_length) == 0 && seen_length == 8);
}

CASE(datagrams_keep_boundaries_and_names) {
  struct sockaddr_un address, from;
  int receiver = socket(AF_UNIX, SOCK_DGRAM, 0), sender = socket(AF_UNIX, SOCK_DGRAM, 0);
  socklen_t length = name_of(&address, "receiver"), from_length = sizeof from;
  char buffer[16];
  CHECK(bind(receiver, (struct sockaddr*)&address, length) == 0);
  CHECK_ERROR(send(sender, "x", 1, 0), ENOTCONN);
  CHECK(sendto(sender, "one", 3, 0, (struct sockaddr*)&address, length) == 3);
  CHECK(sendto(sender, "", 0, 0, (struct sockaddr*)&address, length) == 0);
  CHECK(recvfrom(receiver, buffer, 16, 0, (struct sockaddr*)&from, &from_length) == 3 && from_length == 0);
  CHECK(recv(receiver, buffer, 16, 0) == 0);
  struct sockaddr_un own;
  socklen_t own_length = name_of(&own, "sender");
  CHECK(bind(sender, (struct sockaddr*)&own, own_length) == 0);
  CHECK(connect(sender, (struct sockaddr*)&address, length) == 0 && send(sender, "longer", 6, 0) == 6);
  from_length = sizeof from;
  CHECK(recvfrom(receiver, buffer, 3, MSG_TRUNC, (struct sockaddr*)&from, &from_length) == 6);
  CHECK(strcmp(from.sun_path, "sender") == 0 && memcmp(buffer, "lon", 3) == 0);
  CHECK_ERROR(recv(receiver, buffer, 16, MSG_DONTWAIT), EAGAIN);
  close(receiver);
  CHECK_ERROR(send(sender, "x", 1, 0), ECONNREFUSED);
}

CASE(datagram_queue_has_an_end) {
  int pair[2], count = 0;
  static char block[2048];
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) == 0);
  while (send(pair[0], block, sizeof block, 0) == (ssize_t)sizeof block) CHECK(++count < 10000);
  CHECK(errno == EAGAIN && count >= 5);
  while (count-- > 0) CHECK(recv(pair[1], block, sizeof block, 0) == (ssize_t)sizeof block);
  CHECK((events_of(pair[0]) & POLLOUT) != 0);
  CHECK_ERROR(send(pair[0], block, 100000000, 0), EMSGSIZE);
}

CASE(sequential_packets) {
  int pair[2];
  char buffer[8];
  struct iovec vector = {buffer, 4};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
  CHECK(send(pair[0], "longer", 6, 0) == 6 && send(pair[0], "b", 1, 0) == 1);
  CHECK(recvmsg(pair[1], &message, 0) == 4 && (message.msg_flags & MSG_TRUNC) != 0);
  CHECK(recv(pair[1], buffer, 8, 0) == 1 && buffer[0] == 'b');
  close(pair[0]);
  CHECK(recv(pair[1], buffer, 8, 0) == 0);
}

static ssize_t send_files(int fd, const int* files, int count, const char* text) {
  char control[CMSG_SPACE(16 * sizeof(int))];
  struct iovec vector = {(void*)text, strlen(text)};
  struct msghdr message = {.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
  memset(control, 0, sizeof control);
  struct cmsghdr* item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = SOL_SOCKET, item->cmsg_type = SCM_RIGHTS, item->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
  memcpy(CMSG_DATA(item), files, (size_t)count * sizeof(int));
  return sendmsg(fd, &message, 0);
}

static int receive_files(int fd, int* files, int room, int flags, ssize_t* got, int* out_flags) {
  char control[CMSG_SPACE(16 * sizeof(int))], text[64];
  struct iovec vector = {text, sizeof text};
  struct msghdr message = {.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = room == 0 ? 0 : CMSG_LEN((size_t)room * sizeof(int))};
  *got = recvmsg(fd, &message, flags);
  *out_flags = message.msg_flags;
  struct cmsghdr* item = CMSG_FIRSTHDR(&message);
  if (item == NULL || item->cmsg_type != SCM_RIGHTS) return 0;
  int count = (int)((item->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  memcpy(files, CMSG_DATA(item), (size_t)count * sizeof(int));
  return count;
}

CASE(descriptors_travel_in_messages) {
  int pair[2], ends[2], files[16], flags;
  ssize_t got;
  char byte;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(ends) == 0);
  CHECK(send_files(pair[0], ends, 2, "two") == 3);
  close(ends[0]), close(ends[1]);
  CHECK(receive_files(pair[1], files, 16, MSG_CMSG_CLOEXEC, &got, &flags) == 2 && got == 3);
  CHECK(fcntl(files[0], F_GETFD) == FD_CLOEXEC);
  CHECK(write(files[1], "x", 1) == 1 && read(files[0], &byte, 1) == 1);
  /* A second message's files do not come with the first one's bytes. */
  CHECK(send_files(pair[0], &files[0], 1, "a") == 1 && send_files(pair[0], &files[1], 1, "b") == 1);
  CHECK(receive_files(pair[1], files + 2, 14, 0, &got, &flags) == 1 && got == 1);
  CHECK(receive_files(pair[1], files + 3, 13, 0, &got, &flags) == 1 && got == 1);
}

CASE(descriptors_without_room_are_dropped) {
  int pair[2], ends[2], files[16], flags;
  ssize_t got;
  char byte;
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0 && pipe(ends) == 0);
  int three[3] = {ends[1], ends[1], ends[1]};
  CHECK(send_files(pair[0], three, 3, "x") == 1);
  CHECK(receive_files(pair[1], files, 1, 0, &got, &flags) >= 1 && (flags & MSG_CTRUNC) != 0);
  close(files[0]), close(ends[1]);
  /* With the last writer gone the pipe is at its end: nothing leaked. (On 64 bits there was room for two.) */
  if (fcntl(files[1], F_GETFD) >= 0 && files[1] > 2 && files[1] != ends[0]) close(files[1]);
  CHECK(read(ends[0], &byte, 1) == 0);
  int bad = 999;
  CHECK_ERROR(send_files(pair[0], &bad, 1, "x"), EBADF);
}

CASE(unread_descriptors_close_with_the_socket) {
  int pair[2], ends[2];
  char byte;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(ends) == 0);
  CHECK(send_files(pair[0], &ends[1], 1, "x") == 1);
  close(ends[1]);
  close(pair[1]), close(pair[0]);
  CHECK(read(ends[0], &byte, 1) == 0);
  /* A long chain of sockets that carry each other unwinds without trouble. */
  int carrier[2];
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, carrier) == 0);
  for (int i = 0; i < 2000; ++i) {
    int next[2];
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, next) == 0 && send_files(next[0], carrier, 2, "x") == 1);
    close(carrier[0]), close(carrier[1]);
    carrier[0] = next[0], carrier[1] = next[1];
    if (i % 100 == 99) {
      close(carrier[0]), close(carrier[1]);
      CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, carrier) == 0);
    }
  }
}

CASE(credentials_of_the_peer_and_in_messages) {
  int pair[2], on = 1;
  struct ucred who;
  socklen_t length = sizeof who;
  char control[CMSG_SPACE(sizeof who)], byte;
  struct iovec vector = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  CHECK(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &who, &length) == 0 && length == sizeof who);
  CHECK(who.pid == getpid() && who.uid == getuid() && who.gid == getgid());
  CHECK(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
  CHECK(write(pair[0], "x", 1) == 1 && recvmsg(pair[1], &message, 0) == 1);
  struct cmsghdr* item = CMSG_FIRSTHDR(&message);
  CHECK(item != NULL && item->cmsg_type == SCM_CREDENTIALS);
  memcpy(&who, CMSG_DATA(item), sizeof who);
  CHECK(who.pid == getpid() && who.uid == getuid());
}

CASE(socket_options_common) {
  int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), value = 0;
  socklen_t length = sizeof value;
  CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length) == 0 && value == SOCK_SEQPACKET);
  CHECK(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &length) == 0 && value == AF_UNIX);
  CHECK(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value == 0);
  CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length) == 0 && value == 0);
  value = 10000;
  CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, sizeof value) == 0);
  CHECK(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &length) == 0 && value == 20000);
  CHECK_ERROR(setsockopt(fd, SOL_SOCKET, 9999, &value, sizeof value), ENOPROTOOPT);
  CHECK_ERROR(getsockopt(fd, SOL_SOCKET, 9999, &value, &length), ENOPROTOOPT);
  CHECK_ERROR(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, 2), EINVAL);
  CHECK_ERROR(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, (void*)16, 4), EFAULT);
  struct timeval bad = {.tv_usec = 2000000};
  CHECK_ERROR(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bad, sizeof bad), EDOM);
  CHECK_ERROR(getsockopt(open("/dev/null", O_RDONLY), SOL_SOCKET, SO_TYPE, &value, &length), ENOTSOCK);
}

CASE(receive_timeout) {
  int pair[2];
  char byte;
  struct timeval time = {.tv_usec = 30000};
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  CHECK(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0);
  CHECK_ERROR(read(pair[0], &byte, 1), EAGAIN);
}

static void* write_in_pieces(void* argument) {
  for (int i = 0; i < 4; ++i) {
    usleep(10000);
    CHECK(write(*(int*)argument, "ab", 2) == 2);
  }
  return NULL;
}

CASE(wait_for_all_of_it) {
  int pair[2];
  char buffer[8];
  pthread_t thread;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  pthread_create(&thread, NULL, write_in_pieces, &pair[0]);
  CHECK(recv(pair[1], buffer, 8, MSG_WAITALL) == 8 && memcmp(buffer, "abababab", 8) == 0);
  pthread_join(thread, NULL);
}

CASE(many_messages_in_one_call) {
  int pair[2];
  char texts[4][8] = {"one", "two", "three", ""}, room[4][8];
  struct iovec out[4], in[4];
  struct mmsghdr send_list[4], receive_list[4];
  memset(send_list, 0, sizeof send_list), memset(receive_list, 0, sizeof receive_list);
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
  for (int i = 0; i < 4; ++i) {
    out[i] = (struct iovec){texts[i], strlen(texts[i])}, in[i] = (struct iovec){room[i], 8};
    send_list[i].msg_hdr.msg_iov = &out[i], send_list[i].msg_hdr.msg_iovlen = 1;
    receive_list[i].msg_hdr.msg_iov = &in[i], receive_list[i].msg_hdr.msg_iovlen = 1;
  }
  CHECK(sendmmsg(pair[0], send_list, 3, 0) == 3 && send_list[2].msg_len == 5);
  CHECK(recvmmsg(pair[1], receive_list, 4, MSG_WAITFORONE, NULL) == 3);
  CHECK(receive_list[0].msg_len == 3 && receive_list[2].msg_len == 5 && memcmp(room[2], "three", 5) == 0);
}

CASE(epoll_edge_on_sockets) {
  int pair[2], set = epoll_create1(0);
  char buffer[8];
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET}, out[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
  CHECK(epoll_ctl(set, EPOLL_CTL_ADD, pair[0], &event) == 0);
  CHECK(epoll_wait(set, out, 2, 0) == 1 && out[0].events == EPOLLOUT);
  CHECK(epoll_wait(set, out, 2, 0) == 0);
  CHECK(write(pair[1], "x", 1) == 1);
  CHECK(epoll_wait(set, out, 2, 1000) == 1 && (out[0].events & EPOLLIN) != 0);
  CHECK(read(pair[0], buffer, 8) == 1);
  CHECK(epoll_wait(set, out, 2, 0) == 0);
  close(pair[1]);
  CHECK(epoll_wait(set, out, 2, 1000) == 1 && (out[0].events & (EPOLLHUP | EPOLLRDHUP)) == (EPOLLHUP | EPOLLRDHUP));
}
