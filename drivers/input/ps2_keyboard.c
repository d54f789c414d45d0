/*
 * The keyboard behind the PC's keyboard controller.
 *
 * Its bytes arrive by interrupt and become key events; orders to it (its lamps) are sent by a work item, which waits
 * for each answer. `lock` guards the answer that is waited for and the lamps that are wanted; the scan code state
 * belongs to the interrupt handler, of which one runs at a time. The device is not trusted: a handler takes a bounded
 * number of bytes, an order has a bounded number of tries, and a keyboard that does not answer is still listened to.
 */
#include "drivers/input/i8042.h"
#include "drivers/input/scancode.h"

enum {
  kMostBytes = 16, /* in one interrupt; the buffer of the controller holds one */
  kAnswerUs = 100000,
  kAnswerMs = 100,
  kTries = 3,

  /* Orders (IBM PS/2 Hardware Interface Technical Reference, keyboards, "Commands from the system"). */
  kSetLamps = 0xed,
  kSetTypematic = 0xf3,
  kFastest = 0x00, /* 250 ms, then 30 a second */
  kEnable = 0xf4,
  kDefaultDisable = 0xf5,
  kAcknowledge = 0xfa,
  kResend = 0xfe,

  /* Lamps in an order's byte. */
  kLampScroll = 1,
  kLampNum = 2,
  kLampCaps = 4,

  kEventSync = 0, /* EV_SYN and EV_KEY */
  kEventKey = 1,
};

typedef struct {
  i8042_t controller;
  uint32_t irq;
  driver_handle_t input;
  scancode_t scancode;
  hal_lock_t lock;
  bool is_waiting; /* for the answer to an order */
  uint8_t answer;
  uint32_t leds; /* INPUT_LED_*, as they shall be */
  hal_event_t answered;
  hal_work_t show_leds;
} keyboard_t;

/* --- orders before there are interrupts --- */

static hal_status_t order_polled(const i8042_t* controller, uint8_t byte) {
  for (uint32_t tries = 0; tries < kTries; ++tries) {
    hal_status_t status = i8042_send(controller, byte);
    uint8_t answer = 0;
    if (status == HAL_OK) status = i8042_receive(controller, kAnswerUs, &answer);
    if (status != HAL_OK) return status;
    if (answer == kAcknowledge) return HAL_OK;
  }
  return HAL_ERROR;
}

static hal_status_t set_up(const i8042_t* controller) {
  const uint8_t orders[] = {kDefaultDisable, kSetTypematic, kFastest, kSetLamps, 0, kEnable};
  for (uint32_t i = 0; i < sizeof(orders); ++i) {
    const hal_status_t status = order_polled(controller, orders[i]);
    if (status != HAL_OK) return status;
  }
  return HAL_OK;
}

/* --- orders later on: by the work item alone --- */

static bool order(keyboard_t* keyboard, uint8_t byte) {
  for (uint32_t tries = 0; tries < kTries; ++tries) {
    hal_lock_acquire(&keyboard->lock);
    keyboard->is_waiting = true;
    keyboard->answer = 0;
    hal_lock_release(&keyboard->lock);
    if (i8042_send(&keyboard->controller, byte) != HAL_OK) return false;
    const hal_status_t waited = hal_event_wait(&keyboard->answered, kAnswerMs);
    hal_lock_acquire(&keyboard->lock);
    keyboard->is_waiting = false;
    const uint8_t answer = keyboard->answer;
    hal_lock_release(&keyboard->lock);
    if (answer == kAcknowledge) return true;
    if (waited != HAL_OK) return false;
  }
  return false;
}

static void show_leds(void* context) {
  keyboard_t* keyboard = context;
  hal_lock_acquire(&keyboard->lock);
  const uint32_t leds = keyboard->leds;
  hal_lock_release(&keyboard->lock);
  const uint8_t lamps =
      (uint8_t)(((leds & INPUT_LED_SCROLL) != 0 ? kLampScroll : 0) | ((leds & INPUT_LED_NUM) != 0 ? kLampNum : 0) |
                ((leds & INPUT_LED_CAPS) != 0 ? kLampCaps : 0));
  if (order(keyboard, kSetLamps)) order(keyboard, lamps);
}

static void set_leds(void* context, uint32_t leds) {
  keyboard_t* keyboard = context;
  hal_lock_acquire(&keyboard->lock);
  keyboard->leds = leds;
  hal_lock_release(&keyboard->lock);
  hal_work_schedule(&keyboard->show_leds);
}

/* --- keys --- */

/* True if the byte was the answer to an order. */
static bool take_answer(keyboard_t* keyboard, uint8_t byte) {
  if (byte != kAcknowledge && byte != kResend) return false;
  hal_lock_acquire(&keyboard->lock);
  const bool taken = keyboard->is_waiting;
  keyboard->is_waiting = false;
  if (taken) keyboard->answer = byte;
  hal_lock_release(&keyboard->lock);
  if (taken) hal_event_signal(&keyboard->answered);
  return taken;
}

static void interrupt(uint32_t irq, void* context) {
  (void)irq;
  keyboard_t* keyboard = context;
  for (uint32_t i = 0; i < kMostBytes; ++i) {
    const uint8_t status = i8042_status(&keyboard->controller);
    if ((status & I8042_FULL) == 0) return;
    const uint8_t byte = i8042_read(&keyboard->controller);
    if ((status & I8042_AUXILIARY) != 0 || take_answer(keyboard, byte)) continue;
    scancode_key_t key;
    if (!scancode_feed(&keyboard->scancode, byte, &key)) continue;
    input_event(keyboard->input, kEventKey, key.code, key.value);
    input_event(keyboard->input, kEventSync, 0, 0);
  }
}

/* --- the device --- */

static hal_status_t announce(keyboard_t* keyboard, hal_device_t* device) {
  static const input_info_t info = {.size = sizeof(info), .name = "AT keyboard", .set_leds = set_leds};
  input_info_t own = info;
  own.context = keyboard;
  return input_add(device, &own, &keyboard->input);
}

static hal_status_t start(keyboard_t* keyboard, hal_device_t* device) {
  i8042_t* controller = &keyboard->controller;
  hal_status_t status = i8042_start(controller);
  if (status == HAL_NOT_FOUND) return HAL_NOT_SUPPORTED;
  if (status != HAL_OK) return status;
  status = set_up(controller);
  if (status != HAL_OK) hal_log(HAL_LOG_NOTICE, "ps2", "no keyboard answers; one may be plugged in");
  uint32_t granted = 0;
  status = hal_irq_allocate(device, 1, &granted);
  if (status != HAL_OK) return status;
  const uint32_t irq = hal_irq_of(device, 0);
  status = hal_irq_register(irq, interrupt, keyboard);
  if (status != HAL_OK) return status;
  keyboard->irq = irq;
  status = hal_irq_enable(irq);
  if (status == HAL_OK) status = i8042_set_interrupt(controller, true);
  /* Last: from then on the lamps may be lit, by orders that wait for interrupts. */
  return status == HAL_OK ? announce(keyboard, device) : status;
}

static void release(keyboard_t* keyboard) {
  if (keyboard->input != 0) input_remove(keyboard->input);
  hal_work_cancel(&keyboard->show_leds);
  if (keyboard->irq != HAL_NO_IRQ) {
    i8042_set_interrupt(&keyboard->controller, false);
    hal_irq_unregister(keyboard->irq, interrupt, keyboard);
  }
  hal_free(keyboard);
}

static bool is_port(const hal_resource_t* resource) {
  return (resource->flags & HAL_RESOURCE_KIND) == HAL_RESOURCE_PORTS && resource->size != 0;
}

static hal_status_t keyboard_probe(hal_device_t* device, void** context) {
  if (!is_port(&device->bar[0]) || !is_port(&device->bar[1])) return HAL_NOT_SUPPORTED;
  keyboard_t* keyboard = hal_alloc(sizeof(keyboard_t), 16);
  if (keyboard == NULL) return HAL_NO_MEMORY;
  keyboard->controller.data = (uint16_t)device->bar[0].base;
  keyboard->controller.command = (uint16_t)device->bar[1].base;
  keyboard->irq = HAL_NO_IRQ;
  keyboard->show_leds.function = show_leds;
  keyboard->show_leds.context = keyboard;
  const hal_status_t status = start(keyboard, device);
  if (status != HAL_OK) {
    release(keyboard);
    return status;
  }
  *context = keyboard;
  return HAL_OK;
}

static void keyboard_remove(void* context) { release(context); }

/* Firmware and the kernel of the next start find the controller as they know it: no interrupts. */
static void keyboard_shutdown(void* context) {
  keyboard_t* keyboard = context;
  hal_work_cancel(&keyboard->show_leds);
  i8042_set_interrupt(&keyboard->controller, false);
}

static const char strings[] = "PNP0303"; /* IBM enhanced keyboard, 101 or 102 keys */
static const driver_match_t matches[] = {
    {.bus = HAL_BUS_ACPI, .mask = 1, .u.text = {.offset = 0, .length = sizeof(strings) - 1}},
};

static const driver_ops_v2_t ps2_keyboard_driver = {
    .size = sizeof(driver_ops_v2_t),
    .abi = DRIVER_ABI_V2,
    .name = "ps2-keyboard",
    .category = DRIVER_CAT_INPUT,
    .match_count = sizeof(matches) / sizeof(matches[0]),
    .matches = matches,
    .strings = strings,
    .probe = keyboard_probe,
    .remove = keyboard_remove,
    .shutdown = keyboard_shutdown,
};
DRIVER_V2(ps2_keyboard_driver);
