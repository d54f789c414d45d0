#include "userland/store/api.hpp"

#include <ctime>

#include "kernel/lib/ajdrv/statement.h"
#include "userland/store/error.hpp"

namespace store {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

Words split(const std::string& path) {
  Words words;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at + 1), path.size());
    words.push_back(path.substr(at + 1, end - at - 1));
    at = end;
  }
  return words;
}

shared::SecretKey load_director(const Folder& folder) {
  auto key = shared::SecretKey::load(folder.director_key());
  if (!key) throw std::runtime_error(folder.director_key() + " is not a private key that only you can read");
  return std::move(*key);
}

Response plain(int status, const json& body) {
  Response response;
  response.status = status;
  response.body = body.dump();
  return response;
}

void require(bool is_allowed) {
  if (!is_allowed) throw Problem(405, "method", "This path does not take that method.");
}

}  // namespace

Api::Api(Folder folder, std::string token)
    : folder_(std::move(folder)),
      token_(std::move(token)),
      director_(load_director(folder_)),
      database_(folder_.database(), false) {}

std::shared_ptr<const Catalog> Api::current() {
  if (!catalog_ || catalog_->version() != catalog_version(database_)) catalog_ = Catalog::load(database_, folder_);
  return catalog_;
}

Response Api::handle(const Request& request) {
  const Words words = split(request.path);
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (words == Words{"healthz"} || words == Words{"readyz"}) return require(is_get), plain(200, {{"status", "ok"}});
  if (words.size() < 2 || words[0] != "v1") throw Problem(404, "no_such_path", "There is nothing at this path.");
  const std::lock_guard guard(lock_);
  const std::string& what = words[1];
  const size_t count = words.size();
  if (what == "info" && count == 2) return require(is_get), info();
  if (what == "catalog" && count == 2) return require(is_get), catalog(request);
  if (what == "blobs" && count == 4 && words[2] == "sha256") return require(is_get), blob(request, words[3]);
  if (what == "drivers" && count == 5) return require(is_get), driver_of(request, words[2], words[3], words[4]);
  if (what == "updates" && count == 3) return require(is_get), plain(200, {{"updates", json::array()}});
  if (what == "manifest" || what == "system") return alias(request, request.path);
  if (what != "machines" || count < 3) throw Problem(404, "no_such_path", "There is nothing at this path.");
  const std::string& id = words[2];
  if (count == 3) return require(request.method == "PUT"), enrol(request, id);
  authenticate(request, id);
  if (count == 4 && words[3] == "manifest") return require(request.method == "PUT"), put_manifest(request, id);
  if (count == 4 && words[3] == "sync") return require(request.method == "POST"), sync(request, id);
  if (count == 4 && words[3] == "work") return require(is_get), work(request, id);
  if (count == 4 && words[3] == "reports") return require(request.method == "POST"), reports(request, id);
  if (count == 6 && words[3] == "work" && words[5] == "ack")
    return require(request.method == "POST"), acknowledge(request, id, words[4]);
  throw Problem(404, "no_such_path", "There is nothing at this path.");
}

Response Api::info() {
  return plain(200, {{"api", 1},
                     {"engine", {{"name", "rank"}, {"version", 1}, {"llm", nullptr}}},
                     {"catalog_version", current()->version()},
                     {"enrolment", token_.empty() ? "open" : "token"},
                     {"director", shared::hex(director_.public_key())},
                     {"limits", {{"body_bytes", limit::kBody}, {"devices", limit::kDevices}}}});
}

// The signature says for what the bytes were signed (kernel/lib/ajdrv/statement.h), in a header of its own.
Response Api::signed_answer(const json& body) const {
  Response response = plain(200, body);
  uint8_t statement[AJDRV_STATEMENT_SIZE];
  ajdrv_statement(AJDRV_ROLE_DIRECTOR, response.body.size(), shared::sha256(response.body).data(), statement);
  const auto signature = director_.sign(shared::as_text(statement));
  response.headers["AJ-Signature"] =
      "keyid=\"" + shared::hex(director_.public_key()) + "\", sig=:" + shared::base64(signature) + ":";
  return response;
}

// The seed's machines name themselves in the body; ours do so in a header of the same signature.
Response Api::alias(const Request& request, const std::string& path) {
  const auto found = request.headers.find("x-machine-id");
  if (found == request.headers.end()) throw Problem(401, "unsigned", "X-Machine-Id and a signature are needed.");
  require(request.method == "POST");
  authenticate(request, found->second);
  if (path == "/v1/manifest") return put_manifest(request, found->second);
  if (path == "/v1/system/sync") return sync(request, found->second);
  throw Problem(404, "no_such_path", "There is nothing at this path.");
}

}  // namespace store
