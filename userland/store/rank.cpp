#include "userland/store/rank.hpp"

#include <algorithm>
#include <tuple>

namespace store {
namespace {

struct Candidate {
  const shared::Package* package;
  Fit fit;
  auto key() const { return std::tuple(fit.tier, ~fit.feature, ~package->contents().version, package->lineage()); }
};

std::string title(const Candidate& candidate) {
  return std::string(candidate.package->contents().name) + " " + candidate.package->version();
}

// What told the winner from the next one.
std::string advantage(const Candidate& winner, const Candidate& other) {
  if (winner.fit.tier != other.fit.tier)
    return "more specific than " + title(other) + ", which " + describe(other.fit.tier);
  if (winner.fit.feature != other.fit.feature)
    return "higher feature score (" + std::to_string(winner.fit.feature) + ") than " + title(other) + " (" +
           std::to_string(other.fit.feature) + ")";
  if (winner.package->contents().version != other.package->contents().version) return "newer than " + title(other);
  return "equal to " + title(other) + " and first by its identity";
}

}  // namespace

std::optional<Choice> choose(const Catalog& catalog, uint16_t arch, const std::vector<DeviceId>& ids) {
  std::vector<Candidate> candidates;
  for (const auto& package : catalog.packages()) {
    if (!package->is_for(arch)) continue;
    if (const auto fit = best_fit(package->contents(), ids)) candidates.push_back({package.get(), *fit});
  }
  if (candidates.empty()) return std::nullopt;
  std::ranges::sort(candidates, {}, &Candidate::key);
  const Candidate& winner = candidates.front();
  Choice choice{winner.package, winner.fit, title(winner) + " " + describe(winner.fit.tier), {}};
  choice.reason += candidates.size() == 1 ? "; the only one that fits" : "; " + advantage(winner, candidates[1]);
  choice.reason += ".";
  for (size_t i = 1; i < candidates.size(); ++i) choice.beaten.push_back(title(candidates[i]));
  return choice;
}

}  // namespace store
