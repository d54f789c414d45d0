// Machines: enrolment, manifests, recommendations, queued work and reports.
#include <ctime>

#include "userland/store/api.hpp"
#include "userland/store/error.hpp"
#include "userland/store/rank.hpp"

namespace store {
namespace {

using nlohmann::json;

constexpr int kNextSyncSeconds = 900;

Response empty(int status) {
  Response response;
  response.status = status;
  return response;
}

Response with_body(int status, const json& body) {
  Response response = empty(status);
  response.body = body.dump();
  return response;
}

json describe_package(const std::string& slot, const shared::Package& package, const char* action, const json& why) {
  const ajdrv_package_t& contents = package.contents();
  return {{"slot", slot},
          {"lineage", package.lineage()},
          {"name", contents.name},
          {"version", package.version()},
          {"digest", "sha256:" + package.digest()},
          {"size", contents.total_size},
          {"placement", "kernel"},
          {"action", action},
          {"why", why}};
}

// A device that is in use keeps its driver until the machine's next start; one that is linked in is kept for good.
const char* action_for(const ManifestDevice& device, const shared::Package& package) {
  if (!device.is_bound) return "install";
  return device.bound_digest.empty() || device.bound_digest == package.digest() ? "keep" : "update";
}

json describe_choice(const ManifestDevice& device, const Choice& choice) {
  const json why = {{"text", choice.reason},
                    {"tier", static_cast<int>(choice.fit.tier)},
                    {"feature", choice.fit.feature},
                    {"beat", choice.beaten}};
  return describe_package(device.slot, *choice.package, action_for(device, *choice.package), why);
}

// What was queued for one machine; a package that is gone meanwhile is not described, and the machine says it failed.
json describe_work(int64_t id, const std::string& kind, const std::string& subject, const Catalog& catalog) {
  json item = {{"id", "w_" + std::to_string(id)}, {"kind", kind}, {"subject", subject}};
  const size_t space = subject.find(' ');
  if (kind != "install" || space == std::string::npos) return item;
  const shared::Package* package = catalog.find(subject.substr(space + 1));
  if (package == nullptr) return item;
  const json why = {{"text", "Queued for this machine by the store's administrator."}};
  item["driver"] = describe_package(subject.substr(0, space), *package, "install", why);
  return item;
}

}  // namespace

Response Api::enrol(const Request& request, const std::string& id) {
  const json body = parse_object(request.body);
  const auto key = shared::as_array<shared::PublicKey>(
      shared::from_hex(text_member(body, "pubkey", limit::kName), std::tuple_size_v<shared::PublicKey>));
  if (!key || shared::machine_id(*key) != id)
    throw Problem(422, "machine_id", "The name does not follow from the key.");
  if (!token_.empty() && text_member(body, "enrol_token") != token_)
    throw Problem(403, "enrol_token", "The enrolment token is not the store's.");
  auto row = database_.prepare(
      "INSERT INTO machine (id, key, arch, os_version, seen) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING");
  row << id << shared::hex(*key) << text_member(body, "arch", limit::kName)
      << text_member(body, "os_version", limit::kName) << static_cast<int64_t>(std::time(nullptr));
  row.run();
  const int status = database_.changes() != 0 ? 201 : 200;
  return with_body(status, {{"machine_id", id}, {"state", "active"}, {"poll_after_s", kNextSyncSeconds}});
}

Response Api::put_manifest(const Request& request, const std::string& id) {
  parse_manifest(parse_object(request.body));
  auto row = database_.prepare("UPDATE machine SET manifest = ?, seen = ? WHERE id = ?");
  row << request.body << static_cast<int64_t>(std::time(nullptr)) << id;
  row.run();
  return empty(204);
}

json Api::recommend(const Catalog& catalog, const Manifest& manifest) const {
  json drivers = json::array(), none = json::array();
  for (const ManifestDevice& device : manifest.devices) {
    if (const auto choice = choose(catalog, manifest.arch, device.ids))
      drivers.push_back(describe_choice(device, *choice));
    else
      none.push_back({{"slot", device.slot}, {"reason", "no_candidate"}});
  }
  json apps = json::array();
  for (const std::string& app : manifest.apps) apps.push_back({{"name", app}, {"status", "not_in_catalog"}});
  return {{"drivers", drivers}, {"none", none}, {"apps", apps}};
}

json Api::queued_work(const std::string& id) {
  constexpr const char* kSql =
      "SELECT id, kind, subject FROM work WHERE machine = ? AND state = 'queued' ORDER BY id LIMIT 64";
  auto rows = database_.prepare(kSql);
  rows << id;
  json items = json::array();
  const auto catalog = current();
  while (rows.step()) items.push_back(describe_work(rows.number(0), rows.text(1), rows.text(2), *catalog));
  return items;
}

Response Api::sync(const Request& request, const std::string& id) {
  const json body = parse_object(request.body);
  const std::string nonce = text_member(body, "nonce", limit::kName);
  const auto found = body.find("manifest");
  if (found == body.end() || !found->is_object()) throw Problem(422, "invalid_field", "manifest must be an object");
  const Manifest manifest = parse_manifest(*found);
  auto row = database_.prepare("UPDATE machine SET manifest = ?, seen = ? WHERE id = ?");
  row << found->dump() << static_cast<int64_t>(std::time(nullptr)) << id;
  row.run();
  const auto catalog = current();
  json answer = recommend(*catalog, manifest);
  answer["nonce"] = nonce;
  answer["machine_id"] = id;
  answer["issued_at"] = std::time(nullptr);
  answer["catalog_version"] = catalog->version();
  answer["engine"] = {{"name", "rank"}, {"version", 1}, {"llm", nullptr}};
  answer["work"] = queued_work(id);
  answer["next_sync_s"] = kNextSyncSeconds;
  return signed_answer(answer);
}

Response Api::work(const Request&, const std::string& id) {
  const json items = queued_work(id);
  if (!items.empty()) return with_body(200, {{"items", items}});
  Response response = empty(204);
  response.headers["Retry-After"] = "30";
  return response;
}

Response Api::acknowledge(const Request& request, const std::string& id, const std::string& item) {
  if (!item.starts_with("w_") || item.size() > 20 || item.find_first_not_of("0123456789", 2) != std::string::npos ||
      item.size() == 2)
    throw Problem(404, "no_such_work", "There is no such work for this machine.");
  const std::string state = text_member(parse_object(request.body), "state", limit::kName);
  if (state != "done" && state != "failed") throw Problem(422, "invalid_field", "state is done or failed");
  auto row = database_.prepare("UPDATE work SET state = ? WHERE id = ? AND machine = ?");
  row << state << static_cast<int64_t>(std::stoll(item.substr(2))) << id;
  row.run();
  if (database_.changes() == 0) throw Problem(404, "no_such_work", "There is no such work for this machine.");
  return empty(204);
}

Response Api::reports(const Request& request, const std::string& id) {
  const json body = parse_object(request.body);
  const auto list = body.find("reports");
  if (list == body.end() || !list->is_array() || list->size() > limit::kReports)
    throw Problem(422, "invalid_field", "reports must be a list of at most 64");
  int64_t accepted = 0;
  Transaction transaction(database_);
  for (const json& report : *list) {
    if (!report.is_object() || !report.value("code", json(0)).is_number_integer())
      throw Problem(422, "invalid_field", "reports must hold objects, with numbers as code");
    auto row = database_.prepare("INSERT OR IGNORE INTO report VALUES (?, ?, ?, ?, ?, ?, ?)");
    row << id << text_member(report, "report_id", limit::kName) << text_member(report, "digest", 80)
        << text_member(report, "slot", limit::kName) << text_member(report, "event", limit::kName)
        << report.value("code", int64_t{0}) << static_cast<int64_t>(std::time(nullptr));
    row.run();
    accepted += database_.changes();
  }
  transaction.commit();
  return with_body(202, {{"accepted", accepted}, {"duplicate", static_cast<int64_t>(list->size()) - accepted}});
}

}  // namespace store
