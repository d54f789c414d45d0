// Nodes and properties.
#include "kernel/lib/fdt/tree.hpp"

#include <cstring>

extern "C" {
#include <libfdt.h>
}

namespace lib::fdt {
namespace {

constexpr usize kHeaderSize = 40;

std::string_view first_string(Bytes bytes) {
  const void* end = bytes.empty() ? nullptr : std::memchr(bytes.data(), 0, bytes.size());
  if (end == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes.data()), static_cast<usize>(static_cast<const u8*>(end) - bytes.data())};
}

}  // namespace

u64 read_cells(Bytes bytes, usize cells) {
  u64 value = 0;
  for (usize i = 0; i < cells * 4 && i < bytes.size(); ++i) value = value << 8 | bytes[i];
  return value;
}

Tree::Tree(const void* blob, usize limit) {
  if (blob == nullptr || reinterpret_cast<VirtAddr>(blob) % 8 != 0 || limit < kHeaderSize) return;
  if (fdt_magic(blob) != FDT_MAGIC || fdt_totalsize(blob) > limit) return;
  if (fdt_check_header(blob) != 0) return;
  // libfdt reads words: boot code runs where no CPU takes misaligned ones.
  if (fdt_off_dt_struct(blob) % 4 != 0 || fdt_off_mem_rsvmap(blob) % 8 != 0) return;
  blob_ = blob;
}

usize Tree::size() const { return valid() ? fdt_totalsize(blob_) : 0; }

Node Tree::find(std::string_view path) const {
  path = path.substr(0, path.find(':'));
  if (!valid() || path.empty()) return {};
  return {fdt_path_offset_namelen(blob_, path.data(), static_cast<int>(path.size()))};
}

Node Tree::find_compatible(const char* name, Node after) const {
  if (!valid()) return {};
  Node node = after;
  do {
    node = {fdt_node_offset_by_compatible(blob_, node.offset, name)};
  } while (node && !is_available(node));
  return node;
}

Node Tree::find_phandle(u32 phandle) const {
  return valid() ? Node{fdt_node_offset_by_phandle(blob_, phandle)} : Node{};
}

Node Tree::parent(Node node) const { return valid() && node ? Node{fdt_parent_offset(blob_, node.offset)} : Node{}; }

Node Tree::first_child(Node node) const {
  return valid() && node ? Node{fdt_first_subnode(blob_, node.offset)} : Node{};
}

Node Tree::next_sibling(Node child) const { return {fdt_next_subnode(blob_, child.offset)}; }

std::string_view Tree::name(Node node) const {
  int length = 0;
  const char* text = valid() && node ? fdt_get_name(blob_, node.offset, &length) : nullptr;
  return text == nullptr ? std::string_view() : std::string_view(text, static_cast<usize>(length));
}

Bytes Tree::bytes(Node node, const char* property) const {
  int length = 0;
  const void* data = valid() && node ? fdt_getprop(blob_, node.offset, property, &length) : nullptr;
  return data == nullptr ? Bytes() : Bytes(static_cast<const u8*>(data), static_cast<usize>(length));
}

std::optional<u64> Tree::number(Node node, const char* property) const {
  const Bytes value = bytes(node, property);
  if (value.size() != 4 && value.size() != 8) return {};
  return read_cells(value, value.size() / 4);
}

std::string_view Tree::text(Node node, const char* property, usize index) const {
  Bytes rest = bytes(node, property);
  for (;; --index) {
    const std::string_view found = first_string(rest);
    if (index == 0 || found.data() == nullptr) return found;
    rest = rest.subspan(found.size() + 1);
  }
}

bool Tree::list_has(Node node, const char* property, std::string_view wanted) const {
  Bytes rest = bytes(node, property);
  for (;;) {
    const std::string_view found = first_string(rest);
    if (found.data() == nullptr) return false;
    if (found == wanted) return true;
    rest = rest.subspan(found.size() + 1);
  }
}

bool Tree::is_available(Node node) const {
  if (!has(node, "status")) return true;
  const std::string_view status = text(node, "status");
  return status == "okay" || status == "ok";
}

usize Tree::cells(Node node, const char* property, usize otherwise) const {
  constexpr u64 kMostCells = 4;
  const auto value = number(node, property);
  return !value ? otherwise : *value > kMostCells ? 0 : static_cast<usize>(*value);
}

bool Tree::reservation(usize index, Region& out) const {
  // The block ends with an empty entry.
  return valid() && fdt_get_mem_rsv(blob_, static_cast<int>(index), &out.base, &out.size) == 0 && out.size != 0;
}

Region Tree::initramfs() const {
  const Node chosen = find("/chosen");
  const u64 start = number(chosen, "linux,initrd-start").value_or(0);
  const u64 end = number(chosen, "linux,initrd-end").value_or(0);
  return end > start ? Region{start, end - start} : Region{};
}

Node Tree::standard_output() const {
  const std::string_view path = text(find("/chosen"), "stdout-path");
  return path.empty() ? Node{} : find(path);
}

void Tree::forget_seeds() const {
  const Node chosen = find("/chosen");
  for (const Bytes seed : {bytes(chosen, "rng-seed"), bytes(chosen, "kaslr-seed")}) {
    if (!seed.empty()) std::memset(const_cast<u8*>(seed.data()), 0, seed.size());
  }
}

}  // namespace lib::fdt
