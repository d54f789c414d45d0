#include "userland/shared/request_signature.hpp"

#include <charconv>

namespace shared {
namespace {

constexpr std::string_view kCovered = R"(("@method" "@target-uri" "content-digest"))";
constexpr size_t kLongestField = 64;

// Takes `prefix` off the front of `text`.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// A quoted value of letters, digits and what base64 and base32 use.
bool take_quoted(std::string_view& text, std::string& value) {
  const size_t end = text.find('"');
  if (end == std::string_view::npos || end == 0 || end > kLongestField) return false;
  value = text.substr(0, end);
  text.remove_prefix(end + 1);
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=_-";
  return value.find_first_not_of(kAllowed) == std::string::npos;
}

}  // namespace

std::string content_digest(std::string_view body) { return "sha-256=:" + base64(sha256(body)) + ":"; }

std::string parameters_text(const SignatureParameters& parameters) {
  return std::string(kCovered) + ";created=" + std::to_string(parameters.created) + ";nonce=\"" + parameters.nonce +
         "\";keyid=\"" + parameters.key_id + "\";alg=\"ed25519\"";
}

std::optional<SignatureParameters> parse_parameters(std::string_view text) {
  SignatureParameters parameters;
  if (!take(text, kCovered) || !take(text, ";created=")) return std::nullopt;
  const auto number = std::from_chars(text.data(), text.data() + text.size(), parameters.created);
  if (number.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(number.ptr - text.data()));
  const bool whole = take(text, ";nonce=\"") && take_quoted(text, parameters.nonce) && take(text, ";keyid=\"") &&
                     take_quoted(text, parameters.key_id) && text == ";alg=\"ed25519\"";
  return whole ? std::optional(parameters) : std::nullopt;
}

std::string signature_base(const SignedRequest& request, const std::string& parameters) {
  return "\"@method\": " + request.method + "\n\"@target-uri\": " + request.target +
         "\n\"content-digest\": " + content_digest(request.body) + "\n\"@signature-params\": " + parameters;
}

}  // namespace shared
