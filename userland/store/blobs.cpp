// The catalog, the packages' bytes, and the seed's way to a driver: anonymous and cacheable.
#include <charconv>

#include "userland/store/api.hpp"
#include "userland/store/error.hpp"
#include "userland/store/rank.hpp"

namespace store {
namespace {

using nlohmann::json;

constexpr size_t kPage = 100;

struct Range {
  uint64_t first, last;
};

// "bytes=A-B", "bytes=A-" or "bytes=-N" of a file of that size. Nothing: no single range that is understood, the whole
// file is sent (RFC 9110, 14.2). Problem 416.
std::optional<Range> parse_range(std::string_view text, uint64_t size) {
  if (!text.starts_with("bytes=")) return std::nullopt;
  text.remove_prefix(6);
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view digits) -> std::optional<uint64_t> {
    uint64_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return read.ec == std::errc() && read.ptr == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
  };
  const auto first = number(text.substr(0, dash)), last = number(text.substr(dash + 1));
  const auto unsatisfiable = [] { return Problem(416, "range", "The range lies outside the package."); };
  if (!first && last) {
    if (*last == 0) throw unsatisfiable();
    return Range{size - std::min(*last, size), size - 1};
  }
  if (!first || (dash + 1 < text.size() && !last)) return std::nullopt;
  if (*first >= size) throw unsatisfiable();
  if (last && *last < *first) return std::nullopt;
  return Range{*first, std::min(last.value_or(size - 1), size - 1)};
}

std::string header_or(const Request& request, const char* name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? "" : found->second;
}

json describe(const shared::Package& package) {
  const ajdrv_package_t& contents = package.contents();
  const char* description = ajdrv_meta(&contents, "desc");
  return {{"name", contents.name},
          {"version", package.version()},
          {"arch", shared::arch_name(contents.arch)},
          {"category", contents.category},
          {"lineage", package.lineage()},
          {"digest", "sha256:" + package.digest()},
          {"size", contents.total_size},
          {"description", description == nullptr ? "" : description}};
}

}  // namespace

Response Api::catalog(const Request& request) {
  const auto query = [&](const char* name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
  };
  const std::string arch = query("arch"), cursor = query("cursor");
  json items = json::array();
  std::string next;
  for (const auto& package : current()->packages()) {  // by digest
    const bool is_wanted = arch.empty() || arch == shared::arch_name(package->contents().arch);
    if (!is_wanted || package->digest() <= cursor) continue;
    if (items.size() == kPage) break;
    items.push_back(describe(*package));
    next = package->digest();
  }
  Response response;
  response.body = json{{"packages", items}, {"cursor", items.size() == kPage ? json(next) : json(nullptr)}}.dump();
  return response;
}

Response Api::blob(const Request& request, const std::string& digest) {
  const shared::Package* package = shared::from_hex(digest, 32) ? current()->find(digest) : nullptr;
  if (package == nullptr) throw Problem(404, "no_such_blob", "The store has no such package.");
  const std::string tag = "\"" + digest + "\"";
  Response response;
  response.type = "application/octet-stream";
  response.headers = {
      {"ETag", tag}, {"Accept-Ranges", "bytes"}, {"Cache-Control", "public, max-age=31536000, immutable"}};
  if (header_or(request, "if-none-match") == tag) return response.status = 304, response;
  response.file = folder_.blob(digest);
  response.size = package->bytes().size();
  const std::string only_if = header_or(request, "if-range");
  const auto range =
      only_if.empty() || only_if == tag ? parse_range(header_or(request, "range"), response.size) : std::nullopt;
  if (!range) return response;
  response.status = 206;
  response.headers["Content-Range"] =
      "bytes " + std::to_string(range->first) + "-" + std::to_string(range->last) + "/" + std::to_string(response.size);
  response.offset = range->first;
  response.size = range->last - range->first + 1;
  return response;
}

Response Api::driver_of(const Request&, const std::string& vendor, const std::string& device, const std::string& arch) {
  const auto number = [](const std::string& text) {
    uint32_t value = 0;
    const size_t skipped = text.starts_with("0x") ? 2 : 0;
    const auto read = std::from_chars(text.data() + skipped, text.data() + text.size(), value, 16);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value > 0xffff)
      throw Problem(400, "malformed", "Vendor and device are hexadecimal numbers of four digits.");
    return value;
  };
  DeviceId id;
  id.vendor = number(vendor);
  id.device = number(device);
  const int arch_number = shared::arch_number(arch);
  if (arch_number < 0) throw Problem(400, "malformed", "The store knows no such architecture.");
  const auto choice = choose(*current(), static_cast<uint16_t>(arch_number), {id});
  if (!choice) throw Problem(404, "no_candidate", "The store has no driver for this device.");
  Response response;
  response.status = 307;
  response.headers["Location"] = "/v1/blobs/sha256/" + choice->package->digest();
  response.body = "{}";
  return response;
}

}  // namespace store
