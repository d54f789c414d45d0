// The kernel's hash and signature verification for driver packages: libsodium's portable code.
#pragma once

#include "kernel/lib/ajdrv/crypto.h"

namespace device {

extern const ajdrv_crypto_t kCrypto;

}  // namespace device
