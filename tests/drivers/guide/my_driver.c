/* The example of the driver guide, word for word: steps 2, 3 and 4 of "Writing a Driver". Nothing is added here. */
#include "tests/drivers/guide/my_driver.h"

// clang-format off

typedef struct __attribute__((packed)) {
    volatile uint32_t CTRL;     // 0x00: Device control
    volatile uint32_t STATUS;   // 0x04: Device status
    // ...
} my_device_regs_t;

static my_device_regs_t *g_regs;

static hal_status_t my_driver_init(hal_device_t *dev)
{
    // Enable PCI bus-mastering and memory space
    hal_bus_pci_enable(dev);

    // Map BAR0
    g_regs = (my_device_regs_t *)hal_bus_map_bar(dev, 0);
    if (!g_regs) return HAL_ERROR;

    // Reset device
    hal_mmio_write32(&g_regs->CTRL, CTRL_RESET);
    hal_timer_delay_us(100);

    // Wait for reset complete
    uint64_t start = hal_timer_ms();
    while (hal_mmio_read32(&g_regs->STATUS) & STATUS_RESET) {
        if (hal_timer_ms() - start > 1000) return HAL_TIMEOUT;
    }

    // Register interrupt handler
    hal_irq_register(dev->irq, my_irq_handler, NULL);
    hal_irq_enable(dev->irq);

    return HAL_OK;
}

static const driver_ops_t my_driver_ops = {
    .name     = "my_driver",
    .category = DRIVER_CAT_STORAGE,
    .init     = my_driver_init,
    .shutdown = my_driver_shutdown,
    .read     = my_driver_read,
    .write    = my_driver_write,
};

// Called during kernel startup
void my_driver_register(void)
{
    driver_register_builtin(&my_driver_ops);
}
