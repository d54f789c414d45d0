/* Runs the benchmarks, as the first program of a machine. bench.h says how a benchmark looks. */
#include "bench.h"

#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static long long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static long long time_of(const struct bench* one, long n) {
  const long long began = now_ns();
  one->run(n);
  return now_ns() - began;
}

/* How often the operation fits into the wanted time, by loops that get longer. */
static long fitting_count(const struct bench* one, long long wanted_ns) {
  long n = 1;
  for (;;) {
    const long long took = time_of(one, n);
    if (took * 8 >= wanted_ns) {
      const long count = (long)((double)n * (double)wanted_ns / (double)(took > 0 ? took : 1));
      return count > 0 ? count : 1;
    }
    n *= took * 64 < wanted_ns ? 8 : 2;
  }
}

static void measure(const struct bench* one, long long wanted_ns) {
  fflush(stdout);
  const pid_t pid = fork();
  MUST(pid >= 0);
  if (pid == 0) {
    setpgid(0, 0);
    if (one->prepare != NULL) one->prepare();
    const long n = fitting_count(one, wanted_ns);
    printf("bench: begin %s\n", one->name);
    fflush(stdout);
    const long long took = time_of(one, n);
    printf("bench: end %s %ld %lld\n", one->name, n, took);
    fflush(stdout);
    _exit(0);
  }
  int status;
  MUST(waitpid(pid, &status, 0) == pid);
  if (status != 0) printf("bench: failed %s: status %#x\n", one->name, status);
  kill(-pid, SIGKILL);
  while (waitpid(-1, &status, WNOHANG) > 0) {}
}

static void bring_loopback_up(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK};
  MUST(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0);
  close(fd);
}

static long free_kib(void) {
  FILE* file = fopen("/proc/meminfo", "r");
  MUST(file != NULL);
  char line[100];
  long kib = -1;
  while (fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "MemFree: %ld", &kib) == 1) break;
  }
  fclose(file);
  return kib;
}

/* Hundredths of a second that all processors spent, and how many of them with nothing to do. */
struct spent {
  long all, idle;
};

static struct spent read_spent(void) {
  FILE* file = fopen("/proc/stat", "r");
  MUST(file != NULL);
  long value[8] = {0};
  MUST(fscanf(file, "cpu %ld %ld %ld %ld %ld %ld %ld %ld", &value[0], &value[1], &value[2], &value[3], &value[4],
              &value[5], &value[6], &value[7]) == 8);
  fclose(file);
  struct spent spent = {.idle = value[3]};
  for (int i = 0; i < 8; ++i) spent.all += value[i];
  return spent;
}

/* Kernels go on with work of their start beside the first program: Linux on RISC-V made the first rows five times as
 * dear. */
static void wait_for_quiet(void) {
  for (int i = 0; i < 60; ++i) {
    const struct spent before = read_spent();
    usleep(500000);
    const struct spent after = read_spent();
    if ((after.idle - before.idle) * 100 >= (after.all - before.all) * 96) return;
  }
  puts("bench: failed start: the machine does not become quiet");
}

/* The value of a word of the kernel's command line; empty if it is not there. */
static const char* option(const char* name) {
  static char text[1024];
  const int fd = open("/proc/cmdline", O_RDONLY);
  const ssize_t length = read(fd, text, sizeof text - 1);
  MUST(length >= 0);
  text[length] = 0;
  close(fd);
  char* value = strstr(text, name);
  if (value == NULL) return "";
  value += strlen(name);
  value[strcspn(value, " \n")] = 0;
  return value;
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "exit") == 0) return 0;
  puts("bench: init");
  fflush(stdout);
  mkdir("/proc", 0755);
  mkdir("/dev", 0755);
  mkdir("/tmp", 0755);
  mount("proc", "/proc", "proc", 0, NULL);
  mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
  MUST(mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0);
  printf("bench: memory free_kib %ld\n", free_kib());
  bring_loopback_up();
  wait_for_quiet();
  const long long wanted_ns = atoll(option("bench.ns="));
  const char* only = option("bench.only=");
  for (const struct bench* one = __start_benches; one != __stop_benches; ++one) {
    if (strstr(one->name, only) != NULL) measure(one, wanted_ns);
  }
  puts("bench: done");
  fflush(stdout);
  sync();
  reboot(RB_POWER_OFF);
  return 0;
}
