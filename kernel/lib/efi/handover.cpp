#include "kernel/lib/efi/handover.hpp"

#include <cstring>
#include <string_view>

extern "C" {
#include <libfdt.h>
}

#include "kernel/lib/acpi/tables.hpp"
#include "kernel/lib/efi/time.hpp"

namespace lib::efi {
namespace {

constexpr usize kKernelAlignment = 2 * MiB;
constexpr usize kTreeRoom = 64 * KiB;  // for what is added to the device tree
constexpr usize kCommandLineMax = 2048;
constexpr usize kMapRoom = 64 * KiB;

constexpr usize pages_of(usize bytes) { return (bytes + kPageSize - 1) / kPageSize; }

class Application {
 public:
  Application(Handle image, SystemTable& system) : image_(image), system_(system), boot_(*system.boot) {}

  Handover run(const ImageInMemory& kernel) {
    Handover result;
    map_ = allocate(kMapRoom, MemoryType::LoaderData);
    if (map_ == 0) return fail(u"no memory for the memory map");
    if (!describes_machine(firmware_tree())) {
      result.acpi_rsdp = reinterpret_cast<u64>(find_table(kAcpi));
      if (const Char* flaw = flaw_of_acpi(result.acpi_rsdp); flaw != nullptr) return fail(flaw);
    }
    result.kernel = copy_kernel(kernel);
    if (result.kernel == 0) return fail(u"no memory for the kernel");
    tree_ = make_tree();
    if (tree_ == nullptr) return fail(u"no memory for a device tree");
    if (!add_command_line() || !add_initramfs()) return fail(u"the device tree has no room");
    if (!add_wall_clock() || !set(kRsdpProperty, result.acpi_rsdp)) return fail(u"the device tree has no room");
    if (!leave()) return fail(u"boot services do not end");
    result.memory_map = memory_map_;
    result.device_tree = reinterpret_cast<u64>(tree_);
    result.device_tree_size = fdt_totalsize(tree_);
    return result;
  }

 private:
  void say(const Char* what, const Char* more) {
    TextOutput& output = *system_.output;
    output.output(&output, u"halyard: ");
    output.output(&output, what);
    output.output(&output, more);
    output.output(&output, u"\r\n");
  }
  Handover fail(const Char* reason) {
    say(u"cannot boot: ", reason);
    return {};
  }

  // 0: there is none.
  u64 allocate(usize bytes, MemoryType type) {
    u64 address = 0;
    return boot_.allocate_pages(Allocate::AnyPages, type, pages_of(bytes), &address) == kSuccess ? address : 0;
  }

  // Executable, since the firmware may hold its map to that: the last instructions before the kernel's own run there.
  u64 copy_kernel(const ImageInMemory& kernel) {
    const u64 room = allocate(kernel.memory_size + kKernelAlignment, MemoryType::LoaderCode);
    if (room == 0) return 0;
    const u64 place = align_up(room, kKernelAlignment);
    std::memcpy(reinterpret_cast<void*>(place), kernel.start, kernel.file_size);
    return place;
  }

  const void* find_table(const Guid& kind) {
    for (usize i = 0; i < system_.table_count; ++i) {
      if (system_.tables[i].kind == kind) return system_.tables[i].table;
    }
    return nullptr;
  }
  const void* firmware_tree() {
    const void* tree = find_table(kDeviceTree);
    return tree != nullptr && fdt_check_header(tree) == 0 ? tree : nullptr;
  }

  // Not one that a loader made to leave something in /chosen: GRUB's has the initramfs.
  static bool describes_machine(const void* tree) {
    if (tree == nullptr) return false;
    for (int node = fdt_first_subnode(tree, 0); node >= 0; node = fdt_next_subnode(tree, node)) {
      const char* name = fdt_get_name(tree, node, nullptr);
      if (name != nullptr && std::string_view(name) != "chosen") return true;
    }
    return false;
  }

  static acpi::Bytes reach(void* self, PhysAddr address, usize size) {
    if (!covers(static_cast<Application*>(self)->memory_map_, address.value, size)) return {};
    return {reinterpret_cast<const u8*>(address.value), size};
  }

  // Why the machine cannot be started by those tables; null: it can be tried. Said here, where there is a console for
  // it whatever is damaged.
  const Char* flaw_of_acpi(u64 rsdp) {
    usize key = 0;
    if (rsdp == 0) return u"the firmware has neither a device tree nor ACPI tables";
    if (!read_map(key)) return u"the firmware's memory map is larger than 64 KiB";
    const acpi::Tables tables({rsdp}, {reach, this});
    if (tables.empty()) return u"no device tree, and the root of the ACPI tables is damaged";
    if (tables.find(acpi::signature("APIC")).empty()) return u"no device tree, and no ACPI table of interrupts (MADT)";
    if (tables.find(acpi::signature("FACP")).empty()) return u"no device tree, and no fixed ACPI table (FADT)";
    if (tables.find(acpi::signature("SPCR")).empty())
      say(u"no console in the ACPI tables (SPCR): ", u"nothing will be seen");
    return nullptr;
  }

  // A copy of the firmware's, or an empty one, with room and with /chosen.
  void* make_tree() {
    const void* given = firmware_tree();
    const usize size = kTreeRoom + (given == nullptr ? 0 : fdt_totalsize(given));
    void* tree = reinterpret_cast<void*>(allocate(size, MemoryType::LoaderData));
    if (tree == nullptr) return nullptr;
    if (given == nullptr) {
      if (!write_empty_tree(tree, size)) return nullptr;
      given = tree;
    }
    if (fdt_open_into(given, tree, static_cast<int>(size)) != 0) return nullptr;
    if (fdt_path_offset(tree, "/chosen") < 0 && fdt_add_subnode(tree, 0, "chosen") < 0) return nullptr;
    return tree;
  }
  static bool write_empty_tree(void* tree, usize size) {
    return fdt_create(tree, static_cast<int>(size)) == 0 && fdt_finish_reservemap(tree) == 0 &&
           fdt_begin_node(tree, "") == 0 && fdt_end_node(tree) == 0 && fdt_finish(tree) == 0;
  }
  int chosen() const { return fdt_path_offset(tree_, "/chosen"); }
  bool set(const char* name, u64 value) { return fdt_setprop_u64(tree_, chosen(), name, value) == 0; }

  // What the loader passed, of which the kernel understands ASCII. The firmware's own, if it passed nothing.
  bool add_command_line() {
    LoadedImage* loaded = nullptr;
    if (boot_.handle_protocol(image_, &kLoadedImage, reinterpret_cast<void**>(&loaded)) != kSuccess) return true;
    const usize room = loaded->options_size / sizeof(Char);
    usize length = 0;
    while (length < room && length < kCommandLineMax && loaded->options[length] != 0) ++length;
    if (length == 0) return true;
    void* place = nullptr;
    if (fdt_setprop_placeholder(tree_, chosen(), "bootargs", static_cast<int>(length + 1), &place) != 0) return false;
    char* const text = static_cast<char*>(place);
    for (usize i = 0; i < length; ++i) {
      text[i] = loaded->options[i] < 0x80 ? static_cast<char>(loaded->options[i]) : '?';
    }
    text[length] = '\0';
    return true;
  }

  // Loaders either put it into the device tree, or offer to load it.
  bool add_initramfs() {
    struct {
      u8 type = 4, subtype = 3;  // media, by vendor (10.3.5.3)
      u8 length[2] = {20, 0};
      Guid vendor = kLinuxInitramfs;
      u8 end[4] = {0x7f, 0xff, 4, 0};
    } path;
    auto* at = reinterpret_cast<DevicePath*>(&path);
    static_assert(sizeof(path) == 24);
    Handle device = nullptr;
    LoadFile2* file = nullptr;
    if (boot_.locate_device_path(&kLoadFile2, &at, &device) != kSuccess) return true;
    if (boot_.handle_protocol(device, &kLoadFile2, reinterpret_cast<void**>(&file)) != kSuccess) return true;
    usize size = 0;
    if (file->load(file, at, false, &size, nullptr) != kBufferTooSmall || size == 0) return true;
    const u64 place = allocate(size, MemoryType::LoaderData);
    if (place == 0) return false;
    if (file->load(file, at, false, &size, reinterpret_cast<void*>(place)) != kSuccess) return true;
    return set("linux,initrd-start", place) && set("linux,initrd-end", place + size);
  }

  bool add_wall_clock() {
    Time time;
    const bool has_time = system_.runtime->get_time(&time, nullptr) == kSuccess;
    return set(kWallClockProperty, has_time ? seconds_since_1970(time) : 0);
  }

  bool read_map(usize& key) {
    usize size = kMapRoom, step = 0;
    u32 version = 0;
    void* room = reinterpret_cast<void*>(map_);
    if (boot_.get_memory_map(&size, room, &key, &step, &version) != kSuccess) return false;
    memory_map_ = {{static_cast<const u8*>(room), size}, step};
    return true;
  }

  // The map's place is told first: nothing may be allocated between the map and the end. Firmware may change its mind
  // once (7.4.6).
  bool leave() {
    if (!set("linux,uefi-system-table", reinterpret_cast<u64>(&system_))) return false;
    if (!set("linux,uefi-mmap-start", map_) || !set("linux,uefi-mmap-size", 0)) return false;
    if (!set("linux,uefi-mmap-desc-size", 0)) return false;
    for (int tries = 0; tries < 3; ++tries) {
      usize key = 0;
      if (!read_map(key)) return false;
      if (boot_.exit_boot_services(image_, key) != kSuccess) continue;
      replace("linux,uefi-mmap-size", memory_map_.bytes.size());
      replace("linux,uefi-mmap-desc-size", memory_map_.step);
      return true;
    }
    return false;
  }
  void replace(const char* name, u64 value) {
    static_cast<void>(fdt_setprop_inplace_u64(tree_, chosen(), name, value));
  }

  const Handle image_;
  SystemTable& system_;
  BootServices& boot_;
  void* tree_ = nullptr;
  u64 map_ = 0;  // room for the map
  MemoryMap memory_map_;
};

}  // namespace

Handover hand_over(Handle image, SystemTable& system, const ImageInMemory& kernel) {
  return Application(image, system).run(kernel);
}

}  // namespace lib::efi
