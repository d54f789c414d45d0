/*
 * Why a driver package is refused: one stable number for each reason, the same in the kernel, the tools, the daemons
 * and the store. A number never changes its meaning and is never used again.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* X(number, name, Linux errno, sentence). docs/packages.md has the classes. */
#define AJDRV_ERRORS(X)                                                                                           \
  X(0, OK, 0, "The package is accepted.")                                                                         \
  X(1, TRUNC_HEADER, 8, "The file is shorter than a package header.")                                             \
  X(2, MAGIC, 8, "The file is not a driver package: it does not begin with AJDV.")                                \
  X(3, FORMAT_MAJOR, 8, "The package has a format that this reader does not know.")                               \
  X(4, HEADER_SIZE, 8, "The header's size is not 128.")                                                           \
  X(5, TOTAL_SIZE, 8, "The header's total size is not the size of the file.")                                     \
  X(6, TOO_LARGE, 8, "The package is larger than 16 MiB.")                                                        \
  X(7, SIGNED_SIZE, 8, "The size of the signed part does not fit the file.")                                      \
  X(8, CRITICAL_FLAG, 8, "The package demands something that this reader does not understand.")                   \
  X(9, RESERVED, 8, "A reserved byte is not zero.")                                                               \
  X(10, ARCH, 8, "The header names no known architecture.")                                                       \
  X(11, CATEGORY, 8, "The header names no known category.")                                                       \
  X(12, NAME, 8, "The driver's name has a character that is not allowed, or is empty.")                           \
  X(13, SECTION_COUNT, 8, "The number of sections is not between 1 and 16.")                                      \
  X(14, SECTION_BOUNDS, 8, "A section does not lie inside the signed part.")                                      \
  X(15, SECTION_ORDER, 8, "The sections are not in ascending order of their types.")                              \
  X(16, PADDING, 8, "A padding byte is not zero.")                                                                \
  X(17, SECTION_DUP, 8, "Two sections have the same type.")                                                       \
  X(18, SECTION_CRITICAL, 8, "A section that must be understood is of an unknown type.")                          \
  X(19, SECTION_GAP, 8, "The sections do not follow one another without gaps.")                                   \
  X(20, SECTION_MISSING, 8, "A section that every package has is missing.")                                       \
  X(21, MATCH_COUNT, 8, "The number of match records is wrong.")                                                  \
  X(22, MATCH_BUS, 8, "A match record is for no known bus.")                                                      \
  X(23, MATCH_WILDCARD, 8, "A match record fits every device.")                                                   \
  X(24, MATCH_FIELDS, 8, "A match record's fields contradict its mask.")                                          \
  X(25, STR_REF, 8, "A match record refers to text that is not in the string section.")                           \
  X(26, META_UTF8, 8, "The description is not a list of key=value texts in UTF-8.")                               \
  X(27, META_LICENSE, 8, "The description names no licence as an SPDX expression.")                               \
  X(28, DEPS, 8, "A dependency record is not well formed.")                                                       \
  X(30, SIG_BLOCK, 129, "The signature block is missing or not well formed.")                                     \
  X(31, SIG_COUNT, 129, "The number of signatures is not between 1 and 8.")                                       \
  X(32, SIG_TRAILING, 129, "The file does not end behind the last signature.")                                    \
  X(33, SIG_ALG, 129, "A signature is of an unknown kind.")                                                       \
  X(34, SIG_ORDER_DUP, 129, "The signatures are not in strictly ascending order of their keys.")                  \
  X(35, SIG_KEY_INVALID, 129, "A signing key is not a sound public key.")                                         \
  X(36, SIG_BAD, 129, "A signature does not fit the package: it was changed, or signed by another key.")          \
  X(37, SIG_THRESHOLD, 126, "There are too few signatures by keys that are trusted for this.")                    \
  X(38, ROLE_SCOPE, 129, "A key signed in a role or for a driver that it was not trusted with.")                  \
  X(39, KEY_REVOKED, 128, "A key that signed the package has been revoked.")                                      \
  X(40, NO_TRUST_BUNDLE, 126, "This kernel trusts nobody: it has no trust bundle.")                               \
  X(50, PKG_REVOKED, 128, "This package has been revoked.")                                                       \
  X(51, EPOCH_ROLLBACK, 116, "The package is from before a security fix that is known here.")                     \
  X(52, VERSION_ROLLBACK, 116, "The package is older than what was installed already.")                           \
  X(53, ARCH_MISMATCH, 1, "The package is for another architecture.")                                             \
  X(54, ABI_MAJOR, 1, "The package is for a driver interface that this kernel does not have.")                    \
  X(55, ABI_MINOR, 1, "The package needs a newer driver interface than this kernel's.")                           \
  X(56, OS_TOO_OLD, 1, "The package needs a newer system.")                                                       \
  X(57, CAPS_DENIED, 1, "The package asks for rights that its category is not given.")                            \
  X(58, DEVICE_MISMATCH, 18, "The package is not for this device.")                                               \
  X(59, DEP_MISSING, 1, "A driver that this one depends on is not installed.")                                    \
  X(60, PLACEMENT, 1, "The driver may not run in this place.")                                                    \
  X(61, NOT_IN_LOG, 1, "The package is not in the public log.")                                                   \
  X(70, ELF_IDENT, 8, "The code is not a little-endian ELF64 file.")                                              \
  X(71, ELF_MACHINE, 8, "The code is for another machine than the header says.")                                  \
  X(72, ELF_TYPE, 8, "The code is not a shared object.")                                                          \
  X(73, ELF_PHDR, 8, "The code's program headers are not well formed.")                                           \
  X(74, ELF_WX, 8, "A part of the code is both writable and executable.")                                         \
  X(75, ELF_FORBIDDEN, 8, "The code has something that drivers may not have: constructors, threads or the like.") \
  X(76, ELF_RELOC_TYPE, 8, "The code has a relocation of a kind that is not allowed.")                            \
  X(77, ELF_RELOC_TARGET, 8, "A relocation points outside the writable parts of the code.")                       \
  X(78, ELF_IMPORT, 8, "The code wants a function that is not in the driver interface.")                          \
  X(79, ELF_ENTRY, 8, "The code does not export the one entry of its interface.")                                 \
  X(80, ELF_NOTE, 8, "The code's note does not say that it may run in the kernel with this interface.")           \
  X(90, NOMEM, 12, "There is not enough memory for the driver.")                                                  \
  X(91, ENTRY_NULL, 5, "The driver's entry returned nothing.")                                                    \
  X(92, OPS_INVALID, 5, "The driver's operations are incomplete or point outside its code.")                      \
  X(93, INIT_FAILED, 5, "The driver could not start the device.")                                                 \
  X(94, INIT_TIMEOUT, 110, "The driver did not start the device in time.")                                        \
  X(95, HEALTH_TIMEOUT, 110, "The driver stopped answering.")                                                     \
  /* Trust bundles; never a package's fault. */                                                                   \
  X(101, BUNDLE_FORMAT, 22, "The trust bundle is not well formed.")                                               \
  X(102, BUNDLE_ROOTS, 129, "The trust bundle is not signed by enough root keys.")                                \
  X(103, BUNDLE_VERSION, 116, "The trust bundle is not the successor of the present one.")

typedef enum {
  AJDRV_OK = 0,
#define AJDRV_ENUMERATOR(number, name, errno_value, sentence) AJDRV_E_##name = number,
  AJDRV_ERRORS(AJDRV_ENUMERATOR)
#undef AJDRV_ENUMERATOR
} ajdrv_error_t;

/* "SIG_BAD"; "UNKNOWN" for a number that is none. */
const char* ajdrv_error_name(ajdrv_error_t error);
/* One English sentence, with its full stop. */
const char* ajdrv_error_sentence(ajdrv_error_t error);
/* What a program sees as errno: Linux's number, 0 for AJDRV_OK. */
int ajdrv_error_errno(ajdrv_error_t error);

#ifdef __cplusplus
}
#endif
