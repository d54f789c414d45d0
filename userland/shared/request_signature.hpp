// HTTP message signatures (RFC 9421) as machines and the store use them: Ed25519 over the method, the target and the
// body's digest, with a time and a nonce. Both sides build the same text from the same parts. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "userland/shared/sodium_crypto.hpp"

namespace shared {

struct SignedRequest {
  std::string method;  // "POST"
  std::string target;  // "http://10.0.2.2:8080/v1/machines/x/sync"
  std::string_view body;
};

struct SignatureParameters {
  int64_t created = 0;  // seconds since 1970
  std::string nonce;
  std::string key_id;
};

// "sha-256=:...:" (RFC 9530).
std::string content_digest(std::string_view body);
// The parameters as Signature-Input has them behind "sig1=".
std::string parameters_text(const SignatureParameters& parameters);
// Nothing for a text that parameters_text() would not have made.
std::optional<SignatureParameters> parse_parameters(std::string_view text);
// What is signed.
std::string signature_base(const SignedRequest& request, const std::string& parameters);

}  // namespace shared
