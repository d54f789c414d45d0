// What bootstrapd is told: /etc/ajdrv/config, and over it the kernel's command line (ajdrv.store=URL).
#pragma once

#include <string>
#include <vector>

namespace bootstrap {

inline constexpr const char* kStateFolder = "/var/lib/ajdrv";
inline constexpr const char* kPackages = "/var/lib/ajdrv/store";
inline constexpr const char* kBundle = "/etc/ajdrv/trust.ajtb";
inline constexpr const char* kStatus = "/run/ajdrv/status.json";
inline constexpr const char* kLoaded = "/run/ajdrv/loaded";
inline constexpr const char* kDriverSocket = "/run/ajdrv/driverd.sock";

// store = http://10.0.2.2:8080     where the store is; without it only what is on the disk is used
// token = TEXT                      what enrolling needs, if the store asks for it
// director = HEX                    the key that recommendations must be signed with; without it the first one seen
// apps = doom, sqlite3              programs that are wanted
struct Config {
  std::string store, token, director;
  std::vector<std::string> apps;
};

// A line that is not understood is said and left out.
Config load_config();

}  // namespace bootstrap
