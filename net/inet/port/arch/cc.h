/* What lwIP asks of the compiler and the system. net/inet/port.cpp implements the functions. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H    1
#define LWIP_NO_UNISTD_H   1
#define LWIP_NO_LIMITS_H   1

#define X8_F               "02x"
#define U16_F              "u"
#define S16_F              "d"
#define X16_F              "x"
#define U32_F              "u"
#define S32_F              "d"
#define X32_F              "x"
#define SZT_F              "zu"

#ifndef INT_MAX
#define INT_MAX 0x7fffffff
#endif
#ifndef SSIZE_MAX
#define SSIZE_MAX 0x7fffffffffffffffL
#endif
typedef long ssize_t;

#ifndef BYTE_ORDER
#define BYTE_ORDER 1234
#endif
#ifndef LITTLE_ENDIAN
#define LITTLE_ENDIAN 1234
#endif

/* A broken invariant of the stack ends the kernel, as one of our own does. */
void lwip_port_assert(const char* message, const char* file, int line) __attribute__((noreturn));
#define LWIP_PLATFORM_DIAG(arguments) \
  do {                                \
  } while (0)
#define LWIP_PLATFORM_ASSERT(message) lwip_port_assert(message, __FILE__, __LINE__)

uint32_t lwip_port_random(void);
#define LWIP_RAND() lwip_port_random()

void* lwip_port_allocate(size_t size);
void* lwip_port_allocate_cleared(size_t count, size_t size);
void lwip_port_free(void* memory);

void lwip_port_assert_locked(void);

#ifdef __cplusplus
}
#endif
