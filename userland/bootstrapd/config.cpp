#include "userland/bootstrapd/config.hpp"

#include <fstream>
#include <sstream>

#include "userland/bootstrapd/status.hpp"

namespace bootstrap {
namespace {

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\"");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\"") - first + 1);
}

std::vector<std::string> list(std::string text) {
  std::vector<std::string> words;
  for (char& c : text) c = c == ',' ? ' ' : c;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool apply(Config& config, const std::string& key, const std::string& value) {
  if (key == "store")
    config.store = value;
  else if (key == "token")
    config.token = value;
  else if (key == "director")
    config.director = value;
  else if (key == "apps")
    config.apps = list(value);
  else
    return false;
  return true;
}

}  // namespace

Config load_config() {
  Config config;
  std::ifstream file("/etc/ajdrv/config");
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    line = trimmed(line.substr(0, line.find('#')));
    const size_t equals = line.find('=');
    if (line.empty()) continue;
    if (equals == std::string::npos ||
        !apply(config, trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1))))
      say("/etc/ajdrv/config:" + std::to_string(number) + ": not understood");
  }
  std::ifstream words("/proc/cmdline");
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (word.starts_with("ajdrv.") && equals != std::string::npos)
      apply(config, word.substr(6, equals - 6), word.substr(equals + 1));
  }
  return config;
}

}  // namespace bootstrap
