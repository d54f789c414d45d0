// Any bytes as a driver's code, on the architecture and with the interface that the first byte says.
#include "tests/fuzz/load.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const tools::Bytes code(data + 1, data + size);
  fuzz::load_code(code.data(), code.size(), data[0] % (AJDRV_ARCH_COUNT + 1), (data[0] & 0x80) != 0 ? 1 : 2);
  return 0;
}
