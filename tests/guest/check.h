/*
 * A guest program is a list of cases. Each runs in a process of its own, so that a crash or a changed signal action
 * stays with it, and prints one line: "ok NAME" or "not ok NAME: REASON". With an argument only the case of that name
 * runs; with --list the names are printed.
 *
 *   CASE(pipe_passes_bytes) { ... CHECK(n == 5); ... }
 *
 * Cases pass on Linux first: the same source is run on the host.
 */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct check_case {
  const char* name;
  void (*run)(void);
};
extern const struct check_case __start_check_cases[], __stop_check_cases[];

#define CASE(id)                                                                   \
  static void run_##id(void);                                                      \
  static const struct check_case case_##id                                         \
      __attribute__((used, section("check_cases"), aligned(8))) = {#id, run_##id}; \
  static void run_##id(void)

/* Ends the case with a message. errno is shown, because it is so often the answer. */
#define FAIL(text)                                                                                             \
  do {                                                                                                         \
    int failed_errno = errno;                                                                                  \
    char failed_text[400];                                                                                     \
    snprintf(failed_text, sizeof failed_text, "%s:%d: %s (errno %d)", __FILE__, __LINE__, text, failed_errno); \
    check_fail(failed_text);                                                                                   \
  } while (0)
#define CHECK(condition)                \
  do {                                  \
    if (!(condition)) FAIL(#condition); \
  } while (0)
/* The call fails with exactly this error. */
#define CHECK_ERROR(call, wanted)                                                     \
  do {                                                                                \
    errno = 0;                                                                        \
    if ((call) != -1 || errno != (wanted)) FAIL(#call " did not fail with " #wanted); \
  } while (0)

extern int check_report;
static inline void check_fail(const char* text) {
  (void)!write(check_report, text, strlen(text));
  _exit(99);
}

/* Runs the statements in a child; its exit status as wait() reports it. */
#define IN_CHILD(status, ...)                             \
  do {                                                    \
    fflush(stdout);                                       \
    pid_t child_pid = fork();                             \
    CHECK(child_pid >= 0);                                \
    if (child_pid == 0) {                                 \
      __VA_ARGS__;                                        \
      _exit(0);                                           \
    }                                                     \
    CHECK(waitpid(child_pid, &(status), 0) == child_pid); \
  } while (0)
