// The verifier: RFC 8032's vectors and Project Wycheproof's.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "userland/ajdrv/files.hpp"

namespace {

using tools::Bytes;

bool verify(const std::string& key, const std::string& message, const std::string& signature) {
  if (signature.size() != 128) return false;
  const Bytes k = tools::from_hex(key, 32), m = tools::from_hex(message, message.size() / 2),
              s = tools::from_hex(signature, 64);
  return shared::sodium_crypto().ed25519_verify(s.data(), m.data(), m.size(), k.data());
}

}  // namespace

TEST(Ed25519, Rfc8032) {
  const std::string key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
  EXPECT_TRUE(verify(key, "",
                     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                     "d25bf5f0595bbe24655141438e7a100b"));
  EXPECT_TRUE(verify("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                     "387b2eaeb4302aeeb00d291612bb0c00"));
}

TEST(Ed25519, Wycheproof) {
  std::ifstream file(VECTORS "/wycheproof-ed25519.json");
  const auto json = nlohmann::json::parse(file);
  unsigned cases = 0;
  for (const auto& group : json["testGroups"]) {
    const auto& key = group.contains("publicKey") ? group["publicKey"]["pk"] : group["key"]["pk"];
    for (const auto& test : group["tests"]) {
      ++cases;
      EXPECT_EQ(verify(key, test["msg"], test["sig"]), test["result"] == "valid")
          << test["tcId"] << " " << test["comment"];
    }
  }
  EXPECT_GE(cases, 100u);
}
