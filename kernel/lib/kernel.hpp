// The kernel as subsystems see it: the command line, the boot information, and services by type.
//
// Services are registered during initialization and never go away; look-ups need no lock afterwards.
#pragma once

#include <string_view>

#include "hal/boot_info.hpp"
#include "kernel/lib/types.hpp"
#include "kernel/lib/vector.hpp"

namespace kernel {

class Kernel {
 public:
  explicit Kernel(const hal::BootInfo& boot) : boot_(boot) {}

  const hal::BootInfo& boot() const { return boot_; }

  // The last service registered for an interface wins. ENOMEM. During initialization only.
  template <class Interface>
  [[nodiscard]] Status register_service(Interface* service) {
    return services_.push({key<Interface>(), service});
  }
  // Null where nobody offers it.
  template <class Interface>
  Interface* get_service() const {
    for (usize i = services_.size(); i-- > 0;) {
      if (services_[i].key == key<Interface>()) return static_cast<Interface*>(services_[i].service);
    }
    return nullptr;
  }

 private:
  struct Service {
    const void* key;
    void* service;
  };
  // One address for each type; there is no run-time type information.
  template <class Interface>
  static const void* key() {
    static const char place = 0;
    return &place;
  }

  const hal::BootInfo& boot_;
  lib::Vector<Service> services_;
};

// Valid from kernel_main() on.
Kernel& the_kernel();

}  // namespace kernel
