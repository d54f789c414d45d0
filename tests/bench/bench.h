/*
 * A benchmark is a loop over one operation, with what has to be there before. The same static program measures every
 * kernel; the figures are of the operations of lmbench, under similar names.
 *
 *   BENCH(name, prepare) { while (n-- > 0) operation(); }
 *
 * `prepare` may be NULL. It runs once, in the process that then runs the loop; that process is the benchmark's own, so
 * nothing has to be tidied away but other processes, which end when their pipe or socket does.
 *
 * The runner measures loops of growing length, and prints one line before and one after the last, which is the result:
 *
 *   bench: begin NAME
 *   bench: end NAME OPERATIONS NANOSECONDS
 *
 * The host reads how much time its processor spent between the two.
 */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench {
  const char* name;
  void (*prepare)(void);
  void (*run)(long n);
};
extern const struct bench __start_benches[], __stop_benches[];

#define BENCH(id, prepare)                                                              \
  static void run_##id(long n);                                                         \
  static const struct bench bench_##id                                                  \
      __attribute__((used, section("benches"), aligned(8))) = {#id, prepare, run_##id}; \
  static void run_##id(long n)

/* A benchmark that does not do its work must not look fast. */
#define MUST(condition)                                                                      \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      printf("bench: failed %s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno); \
      fflush(stdout);                                                                        \
      _exit(1);                                                                              \
    }                                                                                        \
  } while (0)
