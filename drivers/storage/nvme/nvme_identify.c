/* What the controller and its namespaces are (NVM Express Base 2.0, 5.17). */
#include "drivers/storage/nvme/nvme.h"

enum {
  kIdentify = 0x06,
  kNamespace = 0,
  kController = 1,
  kActiveNamespaces = 2,
  /* the controller's structure */
  kSerial = 4,
  kModel = 24,
  kFirmware = 64,
  kTransferLimit = 77,
  kOptionalCommands = 520,
  kVolatileCache = 525,
  /* a namespace's structure */
  kBlocks = 0,
  kFormatCount = 25,
  kFormat = 26,
  kFormats = 128,
};

static uint32_t read32(const uint8_t* at) { return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24; }
static uint64_t read64(const uint8_t* at) { return read32(at) | (uint64_t)read32(at + 4) << 32; }

static hal_status_t identify(nvme_controller_t* nvme, uint32_t what, uint32_t namespace_id) {
  const nvme_command_t command = {
      .opcode_and_id = kIdentify, .namespace_id = namespace_id, .page1 = nvme->page_address, .word10 = what};
  return nvme_admin(nvme, &command, NULL);
}

/* Text of a fixed field: without the blanks at its end, and only what can be printed. */
static void copy_text(char* to, size_t room, const uint8_t* from, size_t length) {
  while (length > 0 && from[length - 1] == ' ') --length;
  if (length > room - 1) length = room - 1;
  for (size_t i = 0; i < length; ++i) to[i] = (char)(from[i] >= ' ' && from[i] < 0x7f ? from[i] : '?');
  to[length] = '\0';
}

hal_status_t nvme_identify_controller(nvme_controller_t* nvme) {
  const hal_status_t status = identify(nvme, kController, 0);
  if (status != HAL_OK) return status;
  const uint8_t* page = nvme->page;
  copy_text(nvme->serial, sizeof(nvme->serial), page + kSerial, 20);
  copy_text(nvme->model, sizeof(nvme->model), page + kModel, 40);
  copy_text(nvme->firmware, sizeof(nvme->firmware), page + kFirmware, 8);
  nvme->has_cache = (page[kVolatileCache] & 1) != 0;
  nvme->has_discard = (page[kOptionalCommands] & 4) != 0;
  /* A power of two of pages; 0: no limit. */
  const uint32_t exponent = page[kTransferLimit];
  nvme->most_bytes = NVME_LIST_ENTRIES * NVME_PAGE;
  if (exponent != 0 && exponent < 16 && (uint32_t)NVME_PAGE << exponent < nvme->most_bytes) {
    nvme->most_bytes = (uint32_t)NVME_PAGE << exponent;
  }
  return HAL_OK;
}

/* The number as decimal digits behind what is there; the name has room for it. */
static char* put_number(char* at, uint32_t number) {
  char digits[10];
  int count = 0;
  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (count > 0) *at++ = digits[--count];
  return at;
}

static char* put_text(char* at, const char* text) {
  while (*text != '\0') *at++ = *text++;
  return at;
}

static void copy_name(char* to, size_t room, const char* from) {
  size_t i = 0;
  for (; i + 1 < room && from[i] != '\0'; ++i) to[i] = from[i];
  to[i] = '\0';
}

/* The format in use, as its structure says; a namespace with metadata or an odd block size is left out. */
static hal_status_t read_format(const uint8_t* page, uint32_t* block_size) {
  const uint32_t format = page[kFormat] & 0xf;
  if (format > page[kFormatCount]) return HAL_NOT_SUPPORTED;
  const uint32_t described = read32(page + kFormats + 4 * format);
  const uint32_t exponent = described >> 16 & 0xff;
  if ((described & 0xffff) != 0 || exponent < 9 || exponent > 12) return HAL_NOT_SUPPORTED;
  *block_size = 1u << exponent;
  return HAL_OK;
}

/* A namespace that cannot be used is left out. HAL_TIMEOUT: the controller does not answer. */
static hal_status_t add_disk(nvme_controller_t* nvme, uint32_t namespace_id) {
  nvme_disk_t* disk = &nvme->disks[nvme->disk_count];
  const hal_status_t status = identify(nvme, kNamespace, namespace_id);
  if (status != HAL_OK) return status == HAL_TIMEOUT ? status : HAL_OK;
  const uint64_t blocks = read64(nvme->page + kBlocks);
  uint32_t block_size = 0;
  if (blocks == 0 || read_format(nvme->page, &block_size) != HAL_OK) {
    hal_log(HAL_LOG_WARNING, "nvme", "namespace %u has a format that is not supported", namespace_id);
    return HAL_OK;
  }
  *disk = (nvme_disk_t){.controller = nvme, .namespace_id = namespace_id, .block_size = block_size};
  storage_info_t info = {
      .size = sizeof(info),
      .flags =
          (nvme->has_cache ? STORAGE_HAS_CACHE : 0) | STORAGE_HAS_FUA | (nvme->has_discard ? STORAGE_HAS_DISCARD : 0),
      .blocks = blocks,
      .block_size = block_size,
      .max_segments = NVME_LIST_ENTRIES / 2,
      .max_segment_size = nvme->most_bytes < 65536 ? nvme->most_bytes : 65536,
      .max_blocks = nvme->most_bytes / block_size,
      .queues = nvme->queue_count,
      .queue_depth = NVME_SLOTS / 2,
  };
  char* end = put_number(put_text(info.name, "nvme"), nvme->number % 1000);
  end = put_number(put_text(end, "n"), namespace_id % 10000);
  *put_text(end, "#") = '\0';
  copy_name(info.model, sizeof(info.model), nvme->model);
  copy_name(info.serial, sizeof(info.serial), nvme->serial);
  copy_name(info.firmware, sizeof(info.firmware), nvme->firmware);
  if (storage_add(nvme->device, &info, &nvme_storage_ops, disk, &disk->handle) == HAL_OK) ++nvme->disk_count;
  return HAL_OK;
}

hal_status_t nvme_add_disks(nvme_controller_t* nvme) {
  hal_status_t status = identify(nvme, kActiveNamespaces, 0);
  if (status != HAL_OK) return status;
  /* The page is used again for each namespace. */
  uint32_t ids[NVME_MOST_DISKS];
  uint32_t count = 0;
  while (count < NVME_MOST_DISKS && read32(nvme->page + 4 * count) != 0) {
    ids[count] = read32(nvme->page + 4 * count);
    ++count;
  }
  if (count == NVME_MOST_DISKS && read32(nvme->page + 4 * count) != 0) {
    hal_log(HAL_LOG_WARNING, "nvme", "%s has more than %d namespaces: the rest is left out", nvme->device->name, count);
  }
  for (uint32_t i = 0; i < count && status == HAL_OK; ++i) status = add_disk(nvme, ids[i]);
  return status;
}
