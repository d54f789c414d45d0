#include "drivers/input/i8042.h"

enum {
  kInputFull = 0x02, /* status: the controller has not taken the last byte yet */
  kStepUs = 10,
  kPatienceUs = 100000,
  kMostBytes = 64, /* that may lie in its buffers when we come */

  kReadConfiguration = 0x20,
  kWriteConfiguration = 0x60,
  kDisableAuxiliary = 0xa7,
  kTestController = 0xaa,
  kControllerGood = 0x55,
  kTestKeyboardPort = 0xab,
  kPortGood = 0x00,
  kDisableKeyboard = 0xad,
  kEnableKeyboard = 0xae,

  /* The configuration byte. */
  kKeyboardInterrupt = 0x01,
  kAuxiliaryInterrupt = 0x02,
  kKeyboardOff = 0x10,
  kAuxiliaryOff = 0x20,
  kTranslate = 0x40,
};

uint8_t i8042_status(const i8042_t* controller) { return hal_port_read8(controller->command); }
uint8_t i8042_read(const i8042_t* controller) { return hal_port_read8(controller->data); }

static hal_status_t wait_for_room(const i8042_t* controller) {
  for (uint32_t waited = 0; (i8042_status(controller) & kInputFull) != 0; waited += kStepUs) {
    if (waited >= kPatienceUs) return HAL_TIMEOUT;
    hal_timer_delay_us(kStepUs);
  }
  return HAL_OK;
}

static hal_status_t command(const i8042_t* controller, uint8_t what) {
  const hal_status_t status = wait_for_room(controller);
  if (status == HAL_OK) hal_port_write8(controller->command, what);
  return status;
}

hal_status_t i8042_send(const i8042_t* controller, uint8_t byte) {
  const hal_status_t status = wait_for_room(controller);
  if (status == HAL_OK) hal_port_write8(controller->data, byte);
  return status;
}

hal_status_t i8042_receive(const i8042_t* controller, uint32_t microseconds, uint8_t* byte) {
  for (uint32_t waited = 0;; waited += kStepUs) {
    const uint8_t status = i8042_status(controller);
    if ((status & I8042_FULL) != 0) {
      *byte = i8042_read(controller);
      if ((status & I8042_AUXILIARY) == 0) return HAL_OK;
    }
    if (waited >= microseconds) return HAL_TIMEOUT;
    hal_timer_delay_us(kStepUs);
  }
}

static hal_status_t ask(const i8042_t* controller, uint8_t what, uint8_t* answer) {
  const hal_status_t status = command(controller, what);
  return status == HAL_OK ? i8042_receive(controller, kPatienceUs, answer) : status;
}

static hal_status_t configure(i8042_t* controller, uint8_t value) {
  const hal_status_t status = command(controller, kWriteConfiguration);
  controller->configuration = value;
  return status == HAL_OK ? i8042_send(controller, value) : status;
}

static bool is_absent(const i8042_t* controller) {
  if (i8042_status(controller) != 0xff) return false;
  return i8042_read(controller) == 0xff && i8042_status(controller) == 0xff;
}

/* Throws away what was typed before we came; false if it never ends. */
static bool drain(const i8042_t* controller) {
  for (uint32_t i = 0; i < kMostBytes; ++i) {
    if ((i8042_status(controller) & I8042_FULL) == 0) return true;
    i8042_read(controller);
  }
  return false;
}

static hal_status_t test(const i8042_t* controller) {
  uint8_t answer = 0;
  hal_status_t status = ask(controller, kTestController, &answer);
  if (status != HAL_OK) return status;
  if (answer != kControllerGood) return HAL_ERROR;
  status = ask(controller, kTestKeyboardPort, &answer);
  if (status != HAL_OK) return status;
  return answer == kPortGood ? HAL_OK : HAL_ERROR;
}

hal_status_t i8042_start(i8042_t* controller) {
  if (is_absent(controller)) return HAL_NOT_FOUND;
  hal_status_t status = command(controller, kDisableKeyboard);
  if (status == HAL_OK) status = command(controller, kDisableAuxiliary);
  if (status != HAL_OK) return status;
  if (!drain(controller)) return HAL_NOT_FOUND;
  uint8_t configuration = 0;
  status = ask(controller, kReadConfiguration, &configuration);
  if (status != HAL_OK) return status;
  /* The test may reset the configuration, so it is written afterwards. */
  status = test(controller);
  if (status != HAL_OK) return status;
  configuration &= (uint8_t)~(kKeyboardInterrupt | kAuxiliaryInterrupt | kKeyboardOff);
  configuration |= kTranslate | kAuxiliaryOff;
  status = configure(controller, configuration);
  if (status == HAL_OK) status = command(controller, kEnableKeyboard);
  return status;
}

hal_status_t i8042_set_interrupt(i8042_t* controller, bool on) {
  const uint8_t configuration = controller->configuration & (uint8_t)~kKeyboardInterrupt;
  return configure(controller, configuration | (on ? kKeyboardInterrupt : 0));
}
