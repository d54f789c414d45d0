// The error numbers of the Linux user interface. The numbers are the same on all three architectures
// (Linux include/uapi/asm-generic/errno-base.h and errno.h).
#pragma once

#include "kernel/lib/types.hpp"

enum class Errno : i32 {
  EPERM = 1, ENOENT, ESRCH, EINTR, EIO, ENXIO, E2BIG, ENOEXEC, EBADF, ECHILD, EAGAIN, ENOMEM, EACCES, EFAULT, ENOTBLK,
  EBUSY, EEXIST, EXDEV, ENODEV, ENOTDIR, EISDIR, EINVAL, ENFILE, EMFILE, ENOTTY, ETXTBSY, EFBIG, ENOSPC, ESPIPE, EROFS,
  EMLINK, EPIPE, EDOM, ERANGE, EDEADLK, ENAMETOOLONG, ENOLCK, ENOSYS, ENOTEMPTY, ELOOP,
  ENOMSG = 42, EIDRM = 43, ENODATA = 61, ETIME = 62, EPROTO = 71, EBADMSG = 74, EOVERFLOW = 75, EILSEQ = 84,
  EUSERS = 87, ENOTSOCK = 88, EDESTADDRREQ, EMSGSIZE, EPROTOTYPE, ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT,
  EOPNOTSUPP, EPFNOSUPPORT, EAFNOSUPPORT, EADDRINUSE, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH, ENETRESET, ECONNABORTED,
  ECONNRESET, ENOBUFS, EISCONN, ENOTCONN, ESHUTDOWN, ETOOMANYREFS, ETIMEDOUT, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH,
  EALREADY, EINPROGRESS, ESTALE, EUCLEAN = 117, EDQUOT = 122, ECANCELED = 125, ENOKEY = 126, EKEYEXPIRED = 127,
  EKEYREVOKED = 128, EKEYREJECTED = 129, EOWNERDEAD = 130, ENOTRECOVERABLE = 131,

  // Inside the kernel only (Linux include/linux/errno.h): a system call that a signal interrupted. The return to user
  // space turns them into EINTR or into a restart of the call; no program sees them.
  ERESTARTSYS = 512,            // restart if the handler has SA_RESTART
  ERESTARTNOINTR = 513,         // always restart
  ERESTARTNOHAND = 514,         // restart only where no handler runs
  ERESTART_RESTARTBLOCK = 516,  // restart through restart_syscall
};

static_assert(static_cast<i32>(Errno::ELOOP) == 40 && static_cast<i32>(Errno::EISDIR) == 21);
static_assert(static_cast<i32>(Errno::EADDRINUSE) == 98 && static_cast<i32>(Errno::ESTALE) == 116);
