/*
 * Interrupt lines.
 *
 * A line is one number of the machine's own space: a global system interrupt on x86-64, an INTID on AArch64, a PLIC
 * or APLIC source on RISC-V; message-signalled vectors come from the same space, above the wired ones. The architecture
 * owns the controller; the kernel (kernel/device/interrupt.cpp) owns the table of handlers.
 */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

typedef void (*hal_irq_handler_t)(uint32_t irq, void* context);

/* Finds and initializes the machine's interrupt controller, all lines masked. Boot CPU, once, interrupts off. */
hal_status_t hal_irq_init(void);

/*
 * Adds a handler to a line; several may share one. The handler runs in interrupt context: it may not sleep.
 * HAL_INVALID for a line that does not exist, HAL_NO_MEMORY. May sleep.
 */
hal_status_t hal_irq_register(uint32_t irq, hal_irq_handler_t handler, void* context);

/* Removes the handler and waits until no CPU executes it. HAL_NOT_FOUND if it was not registered. May sleep. */
hal_status_t hal_irq_unregister(uint32_t irq, hal_irq_handler_t handler, void* context);

/* Unmasks or masks a line at the controller. Any context. HAL_INVALID for a line that does not exist. */
hal_status_t hal_irq_set_masked(uint32_t irq, bool masked);

/*
 * The same for drivers, by the kernel. A line that several handlers share stays on, since the others need it: a driver
 * that wants quiet has it at its device. Removing a line's last handler masks it.
 */
hal_status_t hal_irq_enable(uint32_t irq);
hal_status_t hal_irq_disable(uint32_t irq);

/*
 * Acknowledges the line. The kernel does so itself after a line's handlers have run; a driver's own call is accepted
 * and has no further effect.
 */
void hal_irq_eoi(uint32_t irq);

HAL_EXTERN_C_END
