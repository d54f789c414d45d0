// ajdrv_sign: adds a signature to a driver package; what is signed stays as it is.
#include <CLI/CLI.hpp>

#include "kernel/lib/ajdrv/bytes.h"
#include "userland/ajdrv/names.hpp"
#include "userland/ajdrv/writer.hpp"

namespace {

using namespace tools;

int sign_file(const std::string& path, const std::string& key, const std::string& role_name,
              const std::string& output) {
  const Bytes file = read_file(path);
  if (file.size() < AJDRV_HEADER_SIZE || ajdrv_u32(file.data()) != AJDRV_MAGIC)
    throw Failure(path + " is no driver package");
  const std::uint64_t signed_size = ajdrv_u64(&file[AJDRV_AT_SIGNED_SIZE]);
  if (signed_size > file.size() || signed_size < AJDRV_HEADER_SIZE) throw Failure(path + " is cut off");
  const auto role = static_cast<ajdrv_role_t>(role_of(role_name));
  if (role > AJDRV_ROLE_QA) throw Failure("packages are signed as PUB, STO, OWN or QA");
  const Bytes result = with_signature(file, signed_size, role, read_private_key(key));
  if (result.size() > ajdrv_u64(&file[AJDRV_AT_TOTAL_SIZE])) {
    throw Failure(path + " was made for fewer signatures (ajdrv_pack --signatures)");
  }
  write_file(output.empty() ? path : output, result);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Adds a signature to a driver package.", "ajdrv_sign");
  std::string file, key, role = "STO", output;
  app.add_option("file", file, "the package")->required();
  app.add_option("--key", key, "the private key; - reads it from standard input")->required();
  app.add_option("--sign-role", role, "PUB, STO, OWN or QA")->capture_default_str();
  app.add_option("--output", output, "another file to write");
  CLI11_PARSE(app, argc, argv);
  return run_tool("ajdrv_sign", [&] { return sign_file(file, key, role, output); });
}
