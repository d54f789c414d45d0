// Who asks: requests of machines are signed with the key that they enrolled with (RFC 9421).
#include <ctime>

#include "userland/shared/request_signature.hpp"
#include "userland/store/api.hpp"
#include "userland/store/error.hpp"

namespace store {
namespace {

constexpr int64_t kClockSkew = 300, kNonceLife = 600;
constexpr size_t kMostNonces = 100'000;

std::string header(const Request& request, const char* name) {
  const auto found = request.headers.find(name);
  if (found == request.headers.end()) throw Problem(401, "unsigned", "The request is not signed.");
  return found->second;
}

// What stands behind `before`, up to `after` at the very end.
std::string between(const std::string& text, std::string_view before, std::string_view after) {
  if (text.size() < before.size() + after.size() || !text.starts_with(before) || !text.ends_with(after))
    throw Problem(401, "signature_form", "The signature's headers are not understood.");
  return text.substr(before.size(), text.size() - before.size() - after.size());
}

}  // namespace

void Api::check_nonce(const std::string& id, const std::string& nonce, int64_t now) {
  std::erase_if(nonces_, [&](const auto& entry) { return entry.second < now; });
  if (nonces_.size() >= kMostNonces) throw Problem(503, "busy", "The store remembers too many requests; try again.");
  if (!nonces_.emplace(id + "/" + nonce, now + kNonceLife).second)
    throw Problem(401, "replayed", "This request was made before.");
}

void Api::authenticate(const Request& request, const std::string& id) {
  const std::string text = between(header(request, "signature-input"), "sig1=", "");
  const auto parameters = shared::parse_parameters(text);
  const auto signature = shared::as_array<shared::Signature>(
      shared::from_base64(between(header(request, "signature"), "sig1=:", ":"), std::tuple_size_v<shared::Signature>));
  if (!parameters || !signature || parameters->key_id != id)
    throw Problem(401, "signature_form", "The signature's headers are not understood.");
  const int64_t now = std::time(nullptr);
  if (std::abs(now - parameters->created) > kClockSkew)
    throw Problem(401, "clock_skew", "The signature's time is not the store's: " + std::to_string(now));
  auto machine = database_.prepare("SELECT key FROM machine WHERE id = ?");
  machine << id;
  if (!machine.step()) throw Problem(403, "not_enrolled", "The store does not know this machine.");
  const auto key =
      shared::as_array<shared::PublicKey>(shared::from_hex(machine.text(0), std::tuple_size_v<shared::PublicKey>));
  const std::string base = shared::signature_base({request.method, request.target, request.body}, text);
  if (!key || !shared::verify(*signature, base, *key))
    throw Problem(401, "bad_signature", "The signature does not fit the request.");
  check_nonce(id, parameters->nonce, now);
}

}  // namespace store
