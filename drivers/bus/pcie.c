/*
 * PCI host bridges: finds the functions behind them, sizes and places their BARs, and announces them.
 *
 * Two ways to configuration space: a memory window (ECAM, PCI Express Base 5.0, 7.2.2), mapped bus by bus as it is
 * needed, and the first PCs' pair of ports. Firmware that has placed BARs is left alone; where there was none, memory
 * is taken from the bridge's windows in one pass over the tree, so that what lies behind a PCI bridge is contiguous.
 * (PCI Local Bus 3.0, chapter 6; PCI-to-PCI Bridge Architecture 1.2.)
 */
#include "kernel/driver_loader.h"

enum {
  kVendor = 0x00,
  kCommand = 0x04,
  kClassRevision = 0x08,
  kHeaderType = 0x0e,
  kBar0 = 0x10,
  kSubsystem = 0x2c,
  kInterruptLine = 0x3c,
  kInterruptPin = 0x3d,
  /* of bridges */
  kPrimaryBus = 0x18,
  kSecondaryBus = 0x19,
  kSubordinateBus = 0x1a,
  kMemoryBase = 0x20,
  kMemoryLimit = 0x22,
  kPrefetchBase = 0x24,
  kPrefetchLimit = 0x26,

  kCommandPorts = 1,
  kCommandMemory = 2,
  kCommandMaster = 4,
  kMultiFunction = 0x80,
  kBridge = 1,
  kBusShift = 20, /* of the memory window: 1 MiB for each bus */
  kMostBuses = 256,
};
#define BRIDGE_WINDOW_ALIGNMENT 0x100000ull
#define VENDOR_VIRTIO           0x1af4

typedef struct {
  uint64_t next, end; /* as the CPU sees it */
  uint64_t to_bus;    /* what to add for the bus's view */
} window_t;

typedef struct {
  hal_device_t* device;
  uint32_t segment;
  uint32_t first_bus, last_bus; /* of the memory window */
  uint32_t highest_bus;         /* numbered so far */
  bool by_ports;
  bool placed_by_firmware;
  hal_lock_t port_lock;
  window_t memory32, memory64;
  volatile uint8_t* mapped[kMostBuses];
} host_t;

/* --- configuration space --- */

static uint32_t all_ones(uint32_t width) { return width == 4 ? UINT32_MAX : (1u << 8 * width) - 1; }

static volatile uint8_t* register_at(host_t* host, uint32_t address, uint32_t offset) {
  const uint32_t bus = address >> 8 & 0xff;
  volatile uint8_t* base = host->mapped[bus];
  return base == NULL ? NULL : base + ((address & 0xff) << 12) + offset;
}

#define CONFIG_ADDRESS_PORT 0xcf8
#define CONFIG_DATA_PORT    0xcfc

static void select_by_ports(uint32_t address, uint32_t offset) {
  hal_port_write32(CONFIG_ADDRESS_PORT, 1u << 31 | (address & 0xffff) << 8 | (offset & 0xfc));
}

static uint32_t read_by_ports(host_t* host, uint32_t address, uint32_t offset, uint32_t width) {
  if (offset >= 256) return all_ones(width);
  const uint16_t port = (uint16_t)(CONFIG_DATA_PORT + (offset & 3));
  hal_lock_acquire(&host->port_lock);
  select_by_ports(address, offset);
  const uint32_t value = width == 1 ? hal_port_read8(port) : width == 2 ? hal_port_read16(port) : hal_port_read32(port);
  hal_lock_release(&host->port_lock);
  return value;
}

static void write_by_ports(host_t* host, uint32_t address, uint32_t offset, uint32_t width, uint32_t value) {
  if (offset >= 256) return;
  const uint16_t port = (uint16_t)(CONFIG_DATA_PORT + (offset & 3));
  hal_lock_acquire(&host->port_lock);
  select_by_ports(address, offset);
  if (width == 1) hal_port_write8(port, (uint8_t)value);
  if (width == 2) hal_port_write16(port, (uint16_t)value);
  if (width == 4) hal_port_write32(port, value);
  hal_lock_release(&host->port_lock);
}

static uint32_t config_read(void* context, uint32_t address, uint32_t offset, uint32_t width) {
  host_t* host = context;
  if (host->by_ports) return read_by_ports(host, address, offset, width);
  volatile uint8_t* at = register_at(host, address, offset);
  if (at == NULL) return all_ones(width);
  return width == 1 ? hal_mmio_read8(at) : width == 2 ? hal_mmio_read16(at) : hal_mmio_read32(at);
}

static void config_write(void* context, uint32_t address, uint32_t offset, uint32_t width, uint32_t value) {
  host_t* host = context;
  if (host->by_ports) {
    write_by_ports(host, address, offset, width, value);
    return;
  }
  volatile uint8_t* at = register_at(host, address, offset);
  if (at == NULL) return;
  if (width == 1) hal_mmio_write8(at, (uint8_t)value);
  if (width == 2) hal_mmio_write16(at, (uint16_t)value);
  if (width == 4) hal_mmio_write32(at, value);
}

static const bus_ops_t config_ops = {
    .size = sizeof(bus_ops_t), .config_read = config_read, .config_write = config_write};

static bool reach_bus(host_t* host, uint32_t bus) {
  if (host->by_ports || host->mapped[bus] != NULL) return true;
  if (bus < host->first_bus || bus > host->last_bus) return false;
  const uint64_t base = host->device->bar[0].base + ((uint64_t)(bus - host->first_bus) << kBusShift);
  host->mapped[bus] = hal_map_physical(base, 1u << kBusShift, HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_DEVICE);
  return host->mapped[bus] != NULL;
}

/* --- placing --- */

/* Takes `size` bytes, aligned to their size; 0 where the window has no room. */
static uint64_t take(window_t* window, uint64_t size) {
  const uint64_t start = (window->next + size - 1) & ~(size - 1);
  if (window->end == 0 || start < window->next || start > window->end || size > window->end - start) return 0;
  window->next = start + size;
  return start;
}

static void align_window(window_t* window, uint64_t alignment) {
  window->next = (window->next + alignment - 1) & ~(alignment - 1);
}

typedef struct {
  uint64_t raw;   /* what the register held, without its type bits */
  uint64_t size;  /* 0: there is none */
  uint32_t flags; /* HAL_RESOURCE_* */
} probe_t;

/* What the BAR at `offset` wants: writes ones, reads which bits stuck, puts back what was there (6.2.5.1). */
static probe_t probe_bar(host_t* host, uint32_t address, uint32_t offset) {
  probe_t found = {0};
  const uint32_t low = config_read(host, address, offset, 4);
  config_write(host, address, offset, 4, UINT32_MAX);
  const uint32_t low_size = config_read(host, address, offset, 4);
  config_write(host, address, offset, 4, low);
  if (low_size == 0 || low_size == UINT32_MAX) return found;
  if ((low & 1) != 0) {
    found.flags = HAL_RESOURCE_PORTS;
    found.raw = low & ~3u;
    found.size = (uint16_t)(~(low_size & ~3u) + 1);
    return found;
  }
  found.flags = HAL_RESOURCE_MEMORY | ((low & 8) != 0 ? HAL_RESOURCE_PREFETCH : 0);
  found.raw = low & ~0xfu;
  uint64_t mask = 0xffffffff00000000ull | (low_size & ~0xfu);
  if ((low >> 1 & 3) == 2) {
    found.flags |= HAL_RESOURCE_64BIT;
    const uint32_t high = config_read(host, address, offset + 4, 4);
    config_write(host, address, offset + 4, 4, UINT32_MAX);
    const uint32_t high_size = config_read(host, address, offset + 4, 4);
    config_write(host, address, offset + 4, 4, high);
    found.raw |= (uint64_t)high << 32;
    mask = (uint64_t)high_size << 32 | (low_size & ~0xfu);
  }
  found.size = ~mask + 1;
  return found;
}

/* Where the bus's address lies for the CPU: 0 where no window shows it; unchanged where nobody described windows. */
static uint64_t to_cpu(const host_t* host, uint64_t bus_address) {
  bool described = false;
  for (uint32_t i = 1; i < HAL_BAR_COUNT; ++i) {
    const hal_resource_t* window = &host->device->bar[i];
    if ((window->flags & HAL_RESOURCE_KIND) != HAL_RESOURCE_MEMORY || window->size == 0) continue;
    described = true;
    if (bus_address - window->bus_base < window->size) return window->base + (bus_address - window->bus_base);
  }
  return described ? 0 : bus_address;
}

static void place_bar(host_t* host, uint32_t address, uint32_t offset, const probe_t* want, hal_resource_t* bar,
                      bool below_bridge) {
  const bool wide = (want->flags & HAL_RESOURCE_64BIT) != 0;
  window_t* window = &host->memory32;
  uint64_t base = 0;
  if (wide && (want->flags & HAL_RESOURCE_PREFETCH) != 0 && !below_bridge) {
    window = &host->memory64;
    base = take(window, want->size);
  }
  if (base == 0) {
    window = &host->memory32;
    base = take(window, want->size);
  }
  if (base == 0) {
    hal_log(HAL_LOG_WARNING, "pcie", "%04x:%02x:%02x.%x: no room for a BAR of %llu bytes", host->segment,
            address >> 8 & 0xff, address >> 3 & 0x1f, address & 7, (unsigned long long)want->size);
    return;
  }
  const uint64_t seen = base + window->to_bus;
  config_write(host, address, offset, 4, (uint32_t)seen);
  if (wide) config_write(host, address, offset + 4, 4, (uint32_t)(seen >> 32));
  bar->base = base;
  bar->bus_base = seen;
}

static void read_bars(host_t* host, hal_device_t* found, uint32_t count, bool below_bridge) {
  const uint32_t address = found->address;
  const uint32_t command = config_read(host, address, kCommand, 2);
  config_write(host, address, kCommand, 2, command & ~(uint32_t)(kCommandMemory | kCommandPorts));
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t offset = kBar0 + 4 * i;
    const probe_t want = probe_bar(host, address, offset);
    if (want.size == 0) continue;
    hal_resource_t* bar = &found->bar[i];
    bar->flags = want.flags;
    bar->size = want.size;
    bar->bus_base = want.raw;
    if (want.raw != 0) {
      host->placed_by_firmware = true;
      bar->base = (want.flags & HAL_RESOURCE_KIND) == HAL_RESOURCE_MEMORY ? to_cpu(host, want.raw) : want.raw;
    } else if ((want.flags & HAL_RESOURCE_KIND) == HAL_RESOURCE_MEMORY && !host->placed_by_firmware) {
      place_bar(host, address, offset, &want, bar, below_bridge);
    }
    if ((want.flags & HAL_RESOURCE_64BIT) != 0) ++i;
  }
  config_write(host, address, kCommand, 2, command);
}

/* --- finding --- */

/* Transitional devices say their kind by the subsystem, the others by the device id (virtio 1.2, 4.1.2). */
static uint16_t virtio_type_of(const hal_device_t* found) {
  if (found->vendor != VENDOR_VIRTIO) return 0;
  if (found->device >= 0x1040 && found->device <= 0x107f) return (uint16_t)(found->device - 0x1040);
  if (found->device >= 0x1000 && found->device <= 0x103f) return found->subdevice;
  return 0;
}

/* A pin behind bridges appears on the host's bus under the bridge's number, turned by the slot (bridge spec, 9.1). */
typedef struct {
  uint32_t bus;
  uint32_t bridge_address; /* on the host's own bus; UINT32_MAX: not behind a bridge */
  uint32_t turn;           /* what to add to a pin, of all bridges on the way but for the slot on the host's bus */
} place_t;

static uint32_t route_line(host_t* host, const place_t* place, uint32_t address) {
  const uint32_t pin = config_read(host, address, kInterruptPin, 1);
  const uint32_t line = config_read(host, address, kInterruptLine, 1);
  if (pin < 1 || pin > 4) return HAL_NO_IRQ;
  if (place->bridge_address == UINT32_MAX) return bus_route_interrupt(host->device, address, pin, line);
  const uint32_t turned = (pin - 1 + (address >> 3 & 0x1f) + place->turn) % 4 + 1;
  return bus_route_interrupt(host->device, place->bridge_address, turned, line);
}

static void scan_bus(host_t* host, const place_t* place);

/* Numbers the bus behind a bridge where firmware has not, and opens the bridge for what was placed behind it. */
static void scan_bridge(host_t* host, const place_t* place, uint32_t address) {
  uint32_t secondary = config_read(host, address, kSecondaryBus, 1);
  const bool number_it = secondary == 0;
  if (number_it) {
    if (host->highest_bus >= host->last_bus) return;
    secondary = host->highest_bus + 1;
    config_write(host, address, kPrimaryBus, 1, place->bus);
    config_write(host, address, kSecondaryBus, 1, secondary);
    config_write(host, address, kSubordinateBus, 1, host->last_bus & 0xff);
  }
  if (secondary <= place->bus) return; /* a loop */
  if (secondary > host->highest_bus) host->highest_bus = secondary;
  align_window(&host->memory32, BRIDGE_WINDOW_ALIGNMENT);
  const uint64_t start = host->memory32.next;
  const bool on_root = place->bridge_address == UINT32_MAX;
  const place_t behind = {.bus = secondary,
                          .bridge_address = on_root ? address : place->bridge_address,
                          .turn = on_root ? 0 : place->turn + (address >> 3 & 0x1f)};
  scan_bus(host, &behind);
  if (!number_it) return;
  config_write(host, address, kSubordinateBus, 1, host->highest_bus);
  align_window(&host->memory32, BRIDGE_WINDOW_ALIGNMENT);
  const uint64_t end = host->memory32.next;
  const uint64_t to_bus = host->memory32.to_bus;
  /* An empty window has its base above its limit (bridge spec, 3.2.5.6). */
  const bool empty = end == start;
  config_write(host, address, kMemoryBase, 2, empty ? 0xfff0 : (uint32_t)((start + to_bus) >> 16 & 0xfff0));
  config_write(host, address, kMemoryLimit, 2, empty ? 0 : (uint32_t)((end + to_bus - 1) >> 16 & 0xfff0));
  config_write(host, address, kPrefetchBase, 2, 0xfff0);
  config_write(host, address, kPrefetchLimit, 2, 0);
  config_write(host, address, kCommand, 2, config_read(host, address, kCommand, 2) | kCommandMemory | kCommandMaster);
}

static void scan_function(host_t* host, const place_t* place, uint32_t address) {
  const uint32_t id = config_read(host, address, kVendor, 4);
  if ((id & 0xffff) == 0xffff || (id & 0xffff) == 0) return;
  const uint32_t class_revision = config_read(host, address, kClassRevision, 4);
  const uint32_t header = config_read(host, address, kHeaderType, 1) & ~(uint32_t)kMultiFunction;
  hal_device_t found = {.bus = HAL_BUS_PCI,
                        .vendor = (uint16_t)id,
                        .device = (uint16_t)(id >> 16),
                        .revision = (uint8_t)class_revision,
                        .class_code = class_revision >> 8,
                        .address = host->segment << 16 | address};
  if (header == 0) {
    const uint32_t subsystem = config_read(host, address, kSubsystem, 4);
    found.subvendor = (uint16_t)subsystem;
    found.subdevice = (uint16_t)(subsystem >> 16);
  }
  found.virtio_type = virtio_type_of(&found);
  read_bars(host, &found, header == kBridge ? 2 : header == 0 ? HAL_BAR_COUNT : 0, place->bridge_address != UINT32_MAX);
  found.irq = route_line(host, place, address);
  const hal_status_t added = bus_add_device(host->device, &found, &config_ops, host);
  if (added != HAL_OK && added != HAL_BUSY) hal_log(HAL_LOG_ERROR, "pcie", "a device was not added: %d", added);
  if (header == kBridge) scan_bridge(host, place, address);
}

static void scan_bus(host_t* host, const place_t* place) {
  if (!reach_bus(host, place->bus)) return;
  for (uint32_t slot = 0; slot < 32; ++slot) {
    const uint32_t first = place->bus << 8 | slot << 3;
    if (config_read(host, first, kVendor, 2) == 0xffff) continue;
    const bool several = (config_read(host, first, kHeaderType, 1) & kMultiFunction) != 0;
    for (uint32_t function = 0; function < (several ? 8u : 1u); ++function) {
      scan_function(host, place, first | function);
    }
  }
}

/* --- the driver --- */

static void open_windows(host_t* host) {
  for (uint32_t i = 1; i < HAL_BAR_COUNT; ++i) {
    const hal_resource_t* from = &host->device->bar[i];
    if ((from->flags & HAL_RESOURCE_KIND) != HAL_RESOURCE_MEMORY || from->size == 0) continue;
    window_t* window = (from->flags & HAL_RESOURCE_64BIT) != 0 ? &host->memory64 : &host->memory32;
    if (window->end - window->next >= from->size) continue; /* of several, the largest */
    *window = (window_t){.next = from->base, .end = from->base + from->size, .to_bus = from->bus_base - from->base};
  }
}

static hal_status_t pcie_probe(hal_device_t* device, void** context) {
  host_t* host = hal_alloc(sizeof(host_t), 16);
  if (host == NULL) return HAL_NO_MEMORY;
  host->device = device;
  host->by_ports = (device->bar[0].flags & HAL_RESOURCE_KIND) == HAL_RESOURCE_PORTS;
  host->segment = device->address >> 16;
  host->first_bus = device->address >> 8 & 0xff;
  const uint64_t buses = host->by_ports ? kMostBuses : device->bar[0].size >> kBusShift;
  if (buses == 0) {
    hal_free(host);
    return HAL_NOT_SUPPORTED;
  }
  const uint64_t last = host->first_bus + buses - 1;
  host->last_bus = last < kMostBuses ? (uint32_t)last : kMostBuses - 1;
  host->highest_bus = host->first_bus;
  open_windows(host);
  *context = host;
  const place_t root = {.bus = host->first_bus, .bridge_address = UINT32_MAX};
  scan_bus(host, &root);
  return HAL_OK;
}

static void pcie_remove(void* context) {
  host_t* host = context;
  for (uint32_t bus = 0; bus < kMostBuses; ++bus) hal_unmap_physical(host->mapped[bus], 1u << kBusShift);
  hal_free(host);
}

static const char strings[] = "pci-host-ecam-generic PNP0A08 PNP0A03";
static const driver_match_t matches[] = {
    {.bus = HAL_BUS_DEVICE_TREE, .mask = 1, .u.text = {.offset = 0, .length = 21}},
    {.bus = HAL_BUS_ACPI, .mask = 1, .u.text = {.offset = 22, .length = 7}},
    {.bus = HAL_BUS_ACPI, .mask = 1, .u.text = {.offset = 30, .length = 7}},
};

static const driver_ops_v2_t pcie_driver = {
    .size = sizeof(driver_ops_v2_t),
    .abi = DRIVER_ABI_V2,
    .name = "pcie",
    .category = DRIVER_CAT_BUS,
    .match_count = sizeof(matches) / sizeof(matches[0]),
    .matches = matches,
    .strings = strings,
    .probe = pcie_probe,
    .remove = pcie_remove,
};
DRIVER_V2(pcie_driver);
