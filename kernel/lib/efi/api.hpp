// What a kernel that UEFI starts uses of the firmware (UEFI specification 2.10, chapters 4, 7 and 9).
//
// Only what we call has a type; the rest holds its place. Functions are called as C has it on AArch64 and RISC-V. After
// ExitBootServices() nothing here may be called any more.
#pragma once

#include "kernel/lib/types.hpp"

namespace lib::efi {

using Handle = void*;
using Char = char16_t;

// 0, or an error with the highest bit set (appendix D).
using Status = u64;
inline constexpr Status kSuccess = 0;
inline constexpr Status kError = u64{1} << 63;
inline constexpr Status kBufferTooSmall = kError | 5;

struct Guid {
  u32 first = 0;
  u16 second = 0, third = 0;
  u8 rest[8] = {};

  friend bool operator==(const Guid&, const Guid&) = default;
};
static_assert(sizeof(Guid) == 16);

inline constexpr Guid kLoadedImage{0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
inline constexpr Guid kLoadFile2{0x4006c0c1, 0xfcb3, 0x403e, {0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d}};
// Linux Documentation/arch/x86/boot and include/linux/efi.h: how a loader offers the initramfs.
inline constexpr Guid kLinuxInitramfs{0x5568e427, 0x68fc, 0x4f3d, {0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68}};
// Embedded Base Boot Requirements 2.1, 2.4: the device tree among the configuration tables.
inline constexpr Guid kDeviceTree{0xb1b621d5, 0xf19c, 0x41a5, {0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0}};

// 4.6.1: the RSDP of ACPI 2.0 and later.
inline constexpr Guid kAcpi{0x8868e871, 0xe4f1, 0x11d3, {0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81}};

enum class MemoryType : u32 {  // table 7.10
  Reserved,
  LoaderCode,
  LoaderData,
  BootServicesCode,
  BootServicesData,
  RuntimeServicesCode,
  RuntimeServicesData,
  Conventional,
  Unusable,
  AcpiReclaim,
  AcpiNvs,
};

// The firmware's descriptors may be longer (7.2.3): the distance from one to the next is given beside them.
struct MemoryDescriptor {
  MemoryType type = MemoryType::Reserved;
  u32 padding = 0;
  u64 base = 0;
  u64 virtual_base = 0;
  u64 pages = 0;  // of 4 KiB
  u64 attributes = 0;
};
static_assert(sizeof(MemoryDescriptor) == 40);

struct TableHeader {
  u64 signature;
  u32 revision, size, checksum, reserved;
};

struct TextOutput {
  void* reset;
  Status (*output)(TextOutput* self, const Char* text);
};

struct DevicePath {
  u8 type, subtype;
  u8 length[2];
};

struct LoadFile2 {
  Status (*load)(LoadFile2* self, DevicePath* path, bool boot_policy, usize* size, void* buffer);
};

struct LoadedImage {
  u32 revision, padding;
  Handle parent;
  void* system;
  Handle device;
  void* path;
  void* reserved;
  u32 options_size, padding2;  // bytes
  const Char* options;
  void* base;
  u64 size;
};

enum class Allocate : u32 { AnyPages, MaxAddress, Address };

struct BootServices {
  TableHeader header;
  void* raise_tpl;
  void* restore_tpl;
  Status (*allocate_pages)(Allocate kind, MemoryType type, usize pages, u64* address);
  Status (*free_pages)(u64 address, usize pages);
  Status (*get_memory_map)(usize* size, void* map, usize* key, usize* descriptor_size, u32* version);
  void* before_handle_protocol[11];
  Status (*handle_protocol)(Handle handle, const Guid* protocol, void** interface);
  void* before_locate_device_path[3];
  Status (*locate_device_path)(const Guid* protocol, DevicePath** path, Handle* device);
  void* before_exit_boot_services[5];
  Status (*exit_boot_services)(Handle image, usize key);
};
static_assert(offsetof(BootServices, handle_protocol) == 24 + 16 * 8);
static_assert(offsetof(BootServices, locate_device_path) == 24 + 20 * 8);
static_assert(offsetof(BootServices, exit_boot_services) == 24 + 26 * 8);

// 8.3.1.
struct Time {
  u16 year = 0;           // 1900 to 9999
  u8 month = 0, day = 0;  // from 1 on
  u8 hour = 0, minute = 0, second = 0, padding1 = 0;
  u32 nanosecond = 0;
  i16 zone = 0;  // minutes that UTC is ahead of the time above; 2047: not said
  u8 daylight = 0, padding2 = 0;
};
static_assert(sizeof(Time) == 16);

struct RuntimeServices {
  TableHeader header;
  Status (*get_time)(Time* time, void* capabilities);
};

struct ConfigurationTable {
  Guid kind;
  const void* table;
};

struct SystemTable {
  TableHeader header;
  const Char* vendor;
  u32 revision, padding;
  Handle input_handle;
  void* input;
  Handle output_handle;
  TextOutput* output;
  Handle error_handle;
  TextOutput* error;
  RuntimeServices* runtime;
  BootServices* boot;
  usize table_count;
  const ConfigurationTable* tables;
};
static_assert(offsetof(SystemTable, boot) == 96);

}  // namespace lib::efi
