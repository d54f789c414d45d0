/* epoll, eventfd, timerfd. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

static int add(int set, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

static int modify(int set, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  return epoll_ctl(set, EPOLL_CTL_MOD, fd, &event);
}

static int new_pipe(int ends[2]) { return pipe2(ends, O_NONBLOCK); }

CASE(epoll_level_reports_until_empty) {
  int set = epoll_create1(0), ends[2];
  struct epoll_event out[4];
  char byte;
  CHECK(set >= 0 && new_pipe(ends) == 0);
  CHECK(add(set, ends[0], EPOLLIN) == 0);
  CHECK(epoll_wait(set, out, 4, 0) == 0);
  CHECK(write(ends[1], "x", 1) == 1);
  for (int i = 0; i < 3; ++i) {
    CHECK(epoll_wait(set, out, 4, 1000) == 1);
    CHECK(out[0].events == EPOLLIN && out[0].data.fd == ends[0]);
  }
  CHECK(read(ends[0], &byte, 1) == 1);
  CHECK(epoll_wait(set, out, 4, 0) == 0);
}

CASE(epoll_edge_reports_once_for_each_change) {
  int set = epoll_create1(EPOLL_CLOEXEC), ends[2];
  struct epoll_event out[4];
  CHECK(new_pipe(ends) == 0);
  CHECK(fcntl(set, F_GETFD) == FD_CLOEXEC);
  CHECK(add(set, ends[0], EPOLLIN | EPOLLET) == 0);
  CHECK(write(ends[1], "x", 1) == 1);
  CHECK(epoll_wait(set, out, 4, 1000) == 1);
  CHECK(epoll_wait(set, out, 4, 0) == 0);
  CHECK(write(ends[1], "y", 1) == 1);
  CHECK(epoll_wait(set, out, 4, 1000) == 1);
  CHECK(epoll_wait(set, out, 4, 0) == 0);
  /* Set again, what is there counts as new. */
  CHECK(modify(set, ends[0], EPOLLIN | EPOLLET) == 0);
  CHECK(epoll_wait(set, out, 4, 0) == 1);
}

CASE(epoll_one_shot_must_be_armed_again) {
  int set = epoll_create1(0), ends[2];
  struct epoll_event out[4];
  CHECK(new_pipe(ends) == 0);
  CHECK(add(set, ends[0], EPOLLIN | EPOLLONESHOT) == 0);
  CHECK(write(ends[1], "x", 1) == 1);
  CHECK(epoll_wait(set, out, 4, 1000) == 1);
  CHECK(write(ends[1], "x", 1) == 1);
  CHECK(epoll_wait(set, out, 4, 20) == 0);
  CHECK(modify(set, ends[0], EPOLLIN | EPOLLONESHOT) == 0);
  CHECK(epoll_wait(set, out, 4, 0) == 1);
}

CASE(epoll_reports_hangup_and_errors_unasked) {
  int set = epoll_create1(0), one[2], two[2];
  struct epoll_event out[4];
  CHECK(new_pipe(one) == 0 && new_pipe(two) == 0);
  CHECK(add(set, one[0], 0) == 0);
  CHECK(epoll_wait(set, out, 4, 0) == 0);
  close(one[1]);
  CHECK(epoll_wait(set, out, 4, 1000) == 1 && out[0].events == EPOLLHUP);
  CHECK(epoll_ctl(set, EPOLL_CTL_DEL, one[0], NULL) == 0);
  CHECK(add(set, two[1], EPOLLOUT) == 0);
  CHECK(epoll_wait(set, out, 4, 0) == 1 && out[0].events == EPOLLOUT);
  close(two[0]);
  CHECK(epoll_wait(set, out, 4, 0) == 1 && out[0].events == (EPOLLOUT | EPOLLERR));
}

CASE(epoll_errors) {
  int set = epoll_create1(0), ends[2], file = open("file", O_CREAT | O_RDWR, 0600);
  struct epoll_event out[1];
  CHECK(new_pipe(ends) == 0);
  CHECK_ERROR(epoll_create(0), EINVAL);
  CHECK_ERROR(epoll_create1(1), EINVAL);
  CHECK_ERROR(add(set, 999, EPOLLIN), EBADF);
  CHECK_ERROR(add(999, ends[0], EPOLLIN), EBADF);
  CHECK_ERROR(add(ends[1], ends[0], EPOLLIN), EINVAL);
  CHECK_ERROR(add(set, set, EPOLLIN), EINVAL);
  CHECK_ERROR(add(set, file, EPOLLIN), EPERM);
  CHECK_ERROR(modify(set, ends[0], EPOLLIN), ENOENT);
  CHECK_ERROR(epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL), ENOENT);
  CHECK(add(set, ends[0], EPOLLIN) == 0);
  CHECK_ERROR(add(set, ends[0], EPOLLIN), EEXIST);
  CHECK_ERROR(epoll_ctl(set, 9, ends[0], out), EINVAL);
  CHECK_ERROR(epoll_wait(set, out, 0, 0), EINVAL);
  CHECK_ERROR(epoll_wait(ends[0], out, 1, 0), EINVAL);
  CHECK(write(ends[1], "x", 1) == 1);
  CHECK_ERROR(epoll_wait(set, (struct epoll_event*)16, 1, 0), EFAULT);
  CHECK(epoll_wait(set, out, 1, 0) == 1);
}

CASE(epoll_forgets_closed_files) {
  int set = epoll_create1(0), ends[2];
  struct epoll_event out[4];
  CHECK(new_pipe(ends) == 0);
  CHECK(add(set, ends[0], EPOLLIN) == 0);
  int copy = dup(ends[0]);
  CHECK(write(ends[1], "x", 1) == 1);
  close(ends[0]);
  CHECK(epoll_wait(set, out, 4, 0) == 1); /* the open file lives on in its duplicate */
  close(copy);
  CHECK(epoll_wait(set, out, 4, 0) == 0);
  for (int i = 0; i < 100; ++i) {
    int more[2];
    CHECK(new_pipe(more) == 0 && add(set, more[0], EPOLLIN) == 0 && write(more[1], "x", 1) == 1);
    close(more[0]), close(more[1]);
  }
  CHECK(epoll_wait(set, out, 4, 0) == 0);
}

CASE(epoll_sets_nest_without_circles) {
  int inner = epoll_create1(0), outer = epoll_create1(0), ends[2];
  struct epoll_event out[4];
  struct pollfd entry = {.fd = outer, .events = POLLIN};
  CHECK(new_pipe(ends) == 0);
  CHECK(add(inner, ends[0], EPOLLIN) == 0 && add(outer, inner, EPOLLIN) == 0);
  CHECK(poll(&entry, 1, 0) == 0);
  CHECK(write(ends[1], "x", 1) == 1);
  CHECK(poll(&entry, 1, 1000) == 1 && entry.revents == POLLIN);
  CHECK(epoll_wait(outer, out, 4, 0) == 1 && out[0].data.fd == inner);
  CHECK(epoll_wait(inner, out, 4, 0) == 1 && out[0].data.fd == ends[0]);
  char byte;
  CHECK(read(ends[0], &byte, 1) == 1);
  CHECK(epoll_wait(outer, out, 4, 0) == 0);
  CHECK_ERROR(add(inner, outer, EPOLLIN), ELOOP);
  int sets[8];
  for (int i = 0; i < 8; ++i) CHECK((sets[i] = epoll_create1(0)) >= 0);
  int i = 0;
  while (i < 7 && add(sets[i + 1], sets[i], EPOLLIN) == 0) ++i;
  CHECK(i < 7 && errno == ELOOP);
}

static void nothing(int signal) { (void)signal; }

CASE(epoll_wait_ends_at_a_signal) {
  int set = epoll_create1(0);
  struct epoll_event out[1];
  struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  /* Again and again: the first could come before the call. */
  const struct itimerval soon = {{0, 50000}, {0, 50000}};
  CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
  CHECK_ERROR(epoll_wait(set, out, 1, -1), EINTR);
}

CASE(epoll_pwait_changes_the_mask_meanwhile) {
  int set = epoll_create1(0);
  struct epoll_event out[1];
  sigset_t blocked, open_mask, now;
  struct sigaction action = {.sa_handler = nothing};
  sigaction(SIGUSR1, &action, NULL);
  sigemptyset(&blocked), sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, &open_mask);
  raise(SIGUSR1);
  CHECK_ERROR(epoll_pwait(set, out, 1, 1000, &open_mask), EINTR);
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(sigismember(&now, SIGUSR1) == 1);
  CHECK(epoll_pwait(set, out, 1, 0, &open_mask) == 0);
  sigprocmask(SIG_BLOCK, NULL, &now);
  CHECK(sigismember(&now, SIGUSR1) == 1);
}

static void* write_later(void* argument) {
  usleep(50000);
  CHECK(write(*(int*)argument, "x", 1) == 1);
  return NULL;
}

CASE(epoll_wait_is_woken_by_another_thread) {
  int set = epoll_create1(0), ends[2];
  struct epoll_event out[1];
  pthread_t thread;
  CHECK(new_pipe(ends) == 0 && add(set, ends[0], EPOLLIN) == 0);
  pthread_create(&thread, NULL, write_later, &ends[1]);
  CHECK(epoll_wait(set, out, 1, 10000) == 1);
  pthread_join(thread, NULL);
}

CASE(epoll_many_members_in_order) {
  enum { kCount = 200 };
  int set = epoll_create1(0), fds[kCount], seen[kCount] = {0};
  for (int i = 0; i < kCount; ++i) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = (uint64_t)i << 32 | 7};
    fds[i] = eventfd(1, 0);
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &event) == 0);
  }
  struct epoll_event out[32];
  int total = 0;
  for (int got; (got = epoll_wait(set, out, 32, 0)) != 0; total += got) {
    for (int i = 0; i < got; ++i) ++seen[out[i].data.u64 >> 32];
  }
  CHECK(total == kCount);
  for (int i = 0; i < kCount; ++i) CHECK(seen[i] == 1);
}

CASE(epoll_exclusive_rules) {
  int set = epoll_create1(0), other = epoll_create1(0), ends[2];
  struct epoll_event out[1];
  CHECK(new_pipe(ends) == 0);
  CHECK_ERROR(add(set, ends[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT | EPOLLRDHUP), EINVAL);
  CHECK_ERROR(add(set, other, EPOLLIN | EPOLLEXCLUSIVE), EINVAL);
  CHECK(add(set, ends[0], EPOLLIN | EPOLLEXCLUSIVE) == 0);
  CHECK_ERROR(modify(set, ends[0], EPOLLIN), EINVAL);
  CHECK(write(ends[1], "x", 1) == 1 && epoll_wait(set, out, 1, 0) == 1);
}

CASE(eventfd_counts) {
  uint64_t value = 5;
  int fd = eventfd(3, EFD_NONBLOCK);
  CHECK(write(fd, &value, 8) == 8);
  CHECK(read(fd, &value, 8) == 8 && value == 8);
  CHECK_ERROR(read(fd, &value, 8), EAGAIN);
  CHECK_ERROR(read(fd, &value, 4), EINVAL);
  value = UINT64_MAX;
  CHECK_ERROR(write(fd, &value, 8), EINVAL);
  value = UINT64_MAX - 1;
  CHECK(write(fd, &value, 8) == 8);
  struct pollfd entry = {.fd = fd, .events = POLLIN | POLLOUT};
  CHECK(poll(&entry, 1, 0) == 1 && entry.revents == POLLIN);
  value = 1;
  CHECK_ERROR(write(fd, &value, 8), EAGAIN);
  CHECK_ERROR(eventfd(0, 0x40), EINVAL);
}

CASE(eventfd_semaphore_gives_one_at_a_time) {
  uint64_t value;
  int fd = eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE);
  for (int i = 0; i < 2; ++i) CHECK(read(fd, &value, 8) == 8 && value == 1);
  CHECK_ERROR(read(fd, &value, 8), EAGAIN);
}

CASE(timerfd_expires_and_counts) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), set = epoll_create1(0);
  struct itimerspec wanted = {.it_value.tv_nsec = 20000000, .it_interval.tv_nsec = 10000000}, now;
  struct epoll_event out[1];
  uint64_t count;
  CHECK_ERROR(read(fd, &count, 8), EAGAIN);
  CHECK(timerfd_settime(fd, 0, &wanted, NULL) == 0);
  CHECK(add(set, fd, EPOLLIN) == 0 && epoll_wait(set, out, 1, 5000) == 1);
  CHECK(read(fd, &count, 8) == 8 && count >= 1);
  usleep(50000);
  CHECK(read(fd, &count, 8) == 8 && count >= 3);
  CHECK(timerfd_gettime(fd, &now) == 0 && now.it_interval.tv_nsec == 10000000 && now.it_value.tv_nsec <= 10000000);
  memset(&wanted, 0, sizeof wanted);
  CHECK(timerfd_settime(fd, 0, &wanted, &now) == 0 && now.it_interval.tv_nsec == 10000000);
  usleep(20000);
  CHECK_ERROR(read(fd, &count, 8), EAGAIN);
}

CASE(timerfd_absolute_wall_clock) {
  int fd = timerfd_create(CLOCK_REALTIME, 0);
  struct itimerspec wanted = {0};
  uint64_t count;
  clock_gettime(CLOCK_REALTIME, &wanted.it_value);
  wanted.it_value.tv_sec -= 5;
  CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &wanted, NULL) == 0);
  CHECK(read(fd, &count, 8) == 8 && count == 1);
  CHECK_ERROR(timerfd_settime(fd, 8, &wanted, NULL), EINVAL);
  wanted.it_value.tv_nsec = 1000000000;
  CHECK_ERROR(timerfd_settime(fd, 0, &wanted, NULL), EINVAL);
}
