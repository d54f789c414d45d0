#include "kernel/lib/acpi/iort.hpp"

namespace lib::acpi {
namespace {

// DEN 0049E table 2, and table 3 for what all nodes begin with.
constexpr usize kFirstNode = 40, kLeastTable = 48, kNodeHeader = 16;

enum class NodeType : u8 { ItsGroup = 0, NamedComponent = 1, RootComplex = 2, Smmu = 3, SmmuV3 = 4 };

struct Mapped {
  u32 id = 0;
  usize node = 0;  // its offset in the table
};

// The node at that offset, no longer than it says; empty where it does not fit.
Bytes node_at(Bytes iort, usize offset) {
  if (offset < kLeastTable || offset > iort.size() || iort.size() - offset < kNodeHeader) return {};
  const usize length = read<u16>(iort, offset + 1);
  return length < kNodeHeader || length > iort.size() - offset ? Bytes{} : iort.subspan(offset, length);
}

// By a node's id mappings (table 4), of which those with the flag are for the node's own messages.
std::optional<Mapped> map_id(Bytes node, u32 id) {
  constexpr usize kSize = 20;
  constexpr u32 kSingle = 1;
  const usize count = read<u32>(node, 8), start = read<u32>(node, 12);
  for (usize i = 0; i < count && start <= node.size() && (i + 1) * kSize <= node.size() - start; ++i) {
    const Bytes mapping = node.subspan(start + i * kSize, kSize);
    const u32 first = read<u32>(mapping, 0), more = read<u32>(mapping, 4);
    if ((read<u32>(mapping, 16) & kSingle) != 0 || id < first || id - first > more) continue;
    return Mapped{.id = read<u32>(mapping, 8) + (id - first), .node = read<u32>(mapping, 12)};
  }
  return {};
}

// From node to node until one is a group of ITSs, of which the first is taken.
std::optional<ItsTarget> follow(Bytes iort, Bytes node, u32 id) {
  constexpr int kMostSteps = 8;
  constexpr usize kItsCount = 16, kFirstIts = 20;
  for (int steps = 0; steps < kMostSteps && !node.empty(); ++steps) {
    const auto type = static_cast<NodeType>(node[0]);
    if (type == NodeType::ItsGroup) {
      if (node.size() < kFirstIts + 4 || read<u32>(node, kItsCount) == 0) return {};
      return ItsTarget{.its = read<u32>(node, kFirstIts), .device = id};
    }
    const auto next = map_id(node, id);
    if (!next) return {};
    id = next->id;
    node = node_at(iort, next->node);
  }
  return {};
}

}  // namespace

std::optional<ItsTarget> message_target(Bytes iort, u32 segment, u32 requester) {
  constexpr usize kSegment = 28;
  if (iort.size() < kLeastTable) return {};
  const usize count = read<u32>(iort, 36);
  usize offset = read<u32>(iort, kFirstNode);
  for (usize i = 0; i < count; ++i) {
    const Bytes node = node_at(iort, offset);
    if (node.empty()) return {};
    const bool is_root = static_cast<NodeType>(node[0]) == NodeType::RootComplex && node.size() >= kSegment + 4;
    if (is_root && read<u32>(node, kSegment) == segment) {
      // A segment may have several, each for some of the ids.
      if (const auto found = follow(iort, node, requester)) return found;
    }
    offset += node.size();
  }
  return {};
}

}  // namespace lib::acpi
