#include "userland/bootstrapd/store_client.hpp"

#include <cstring>
#include <ctime>
#include <fstream>

#include "kernel/lib/ajdrv/statement.h"
#include "userland/shared/request_signature.hpp"

namespace bootstrap {
namespace {

using nlohmann::json;

constexpr size_t kMostAnswer = 1 << 20;

shared::SecretKey device_key() {
  const std::string path = std::string(kStateFolder) + "/device.key";
  if (auto key = shared::SecretKey::load(path)) return std::move(*key);
  shared::SecretKey fresh = shared::SecretKey::generate();
  if (!fresh.save(path)) throw StoreError(path + ": " + std::strerror(errno));
  return fresh;
}

json parse(const HttpAnswer& answer) {
  json body = json::parse(answer.body, nullptr, false);
  if (answer.status / 100 != 2) {
    const bool has_detail = body.is_object() && body.contains("detail") && body["detail"].is_string();
    throw StoreError("the store answered " + std::to_string(answer.status) +
                     (has_detail ? ": " + body["detail"].get<std::string>() : ""));
  }
  if (!body.is_object() && !answer.body.empty()) throw StoreError("the store's answer is no JSON object");
  return body;
}

// The key that this machine believes: configured, or the first that it saw, which it keeps.
std::string pinned_director(const Config& config, const std::string& offered) {
  if (!config.director.empty()) return config.director;
  const std::string path = std::string(kStateFolder) + "/director.pub";
  std::string known;
  if (std::ifstream(path) >> known) return known;
  std::ofstream(path) << offered << "\n";
  return offered;
}

std::string nonce() {
  const std::string bytes = shared::random_bytes(24);
  return shared::base64({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const size_t first = text.find(before);
  if (first == std::string::npos) return "";
  const size_t begin = first + before.size(), end = text.find(after, begin);
  return end == std::string::npos ? "" : text.substr(begin, end - begin);
}

}  // namespace

StoreClient::StoreClient(const Config& config)
    : config_(config), key_(device_key()), id_(shared::machine_id(key_.public_key())) {}

void StoreClient::enrol(const std::string& arch) {
  HttpCall what;
  what.method = "PUT";
  what.url = config_.store + "/v1/machines/" + id_;
  what.body = json{{"pubkey", shared::hex(key_.public_key())},
                   {"arch", arch},
                   {"os_version", "0.1.0"},
                   {"enrol_token", config_.token}}
                  .dump();
  what.headers = {"Content-Type: application/json"};
  parse(call(what));
}

HttpAnswer StoreClient::signed_call(const std::string& method, const std::string& path, const json& body) {
  HttpCall what;
  what.method = method;
  what.url = config_.store + path;
  if (!body.is_null()) what.body = body.dump();
  what.most_bytes = kMostAnswer;
  const std::string parameters = shared::parameters_text({std::time(nullptr), nonce(), id_});
  const auto signature = key_.sign(shared::signature_base({method, what.url, what.body}, parameters));
  what.headers = {"Content-Type: application/json", "Content-Digest: " + shared::content_digest(what.body),
                  "Signature-Input: sig1=" + parameters, "Signature: sig1=:" + shared::base64(signature) + ":"};
  return call(what);
}

void StoreClient::check_answer(const HttpAnswer& answer) const {
  const auto found = answer.headers.find("aj-signature");
  if (found == answer.headers.end()) throw StoreError("the recommendation is not signed");
  const std::string offered = between(found->second, "keyid=\"", "\"");
  const auto signature = shared::as_array<shared::Signature>(
      shared::from_base64(between(found->second, "sig=:", ":"), std::tuple_size_v<shared::Signature>));
  const auto key = shared::as_array<shared::PublicKey>(
      shared::from_hex(pinned_director(config_, offered), std::tuple_size_v<shared::PublicKey>));
  uint8_t statement[AJDRV_STATEMENT_SIZE];
  ajdrv_statement(AJDRV_ROLE_DIRECTOR, answer.body.size(), shared::sha256(answer.body).data(), statement);
  if (!signature || !key || !shared::verify(*signature, shared::as_text(statement), *key))
    throw StoreError("the recommendation is not signed by the store that this machine knows");
}

json StoreClient::sync(const json& manifest) {
  const std::string asked = nonce();
  json body = {{"nonce", asked}, {"manifest", manifest}};
  body["manifest"]["desired_apps"] = config_.apps;
  const HttpAnswer answer = signed_call("POST", "/v1/machines/" + id_ + "/sync", body);
  json parsed = parse(answer);
  check_answer(answer);
  if (parsed.value("nonce", "") != asked || parsed.value("machine_id", "") != id_)
    throw StoreError("the recommendation answers another question");
  return parsed;
}

std::string StoreClient::download(const std::string& digest, size_t size,
                                  const std::function<void(size_t, size_t)>& progress) {
  HttpCall what;
  what.url = config_.store + "/v1/blobs/sha256/" + digest;
  what.most_bytes = size;
  what.progress = progress;
  HttpAnswer answer = call(what);
  if (answer.status != 200) parse(answer);
  if (answer.body.size() != size || shared::hex(shared::sha256(answer.body)) != digest)
    throw StoreError("what came is not the package that was recommended");
  return std::move(answer.body);
}

bool StoreClient::has_work() {
  const json answer = parse(signed_call("GET", "/v1/machines/" + id_ + "/work", nullptr));
  return answer.is_object() && !answer.value("items", json::array()).empty();
}

void StoreClient::acknowledge(const std::string& work, bool is_done) {
  const json body = {{"state", is_done ? "done" : "failed"}};
  parse(signed_call("POST", "/v1/machines/" + id_ + "/work/" + work + "/ack", body));
}

void StoreClient::report(const std::string& slot, const std::string& digest, const std::string& event, int code) {
  const json one = {{"report_id", nonce()}, {"digest", digest}, {"slot", slot}, {"event", event}, {"code", code}};
  parse(signed_call("POST", "/v1/machines/" + id_ + "/reports", {{"reports", json::array({one})}}));
}

}  // namespace bootstrap
