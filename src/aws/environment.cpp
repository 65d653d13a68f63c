#include "aws/environment.h"

#include <unistd.h>

#include <fstream>

#include "base/text.h"

namespace carillon::aws {

Environment Environment::of_process() {
  std::map<std::string, std::string, std::less<>> values;
  for (char** variable = environ; variable && *variable; ++variable) {
    const std::string_view text(*variable);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const auto name = text.substr(0, equals);
    if (name.starts_with("AWS_") || name == "HOME") values.emplace(name, text.substr(equals + 1));
  }
  return Environment(std::move(values));
}

std::string Environment::get(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string() : std::string(trim(found->second));
}

bool Environment::is_true(std::string_view name) const { return to_lower(get(name)) == "true"; }

Result<std::string> read_text_file(const std::filesystem::path& file) {
  constexpr std::size_t limit = 1024 * 1024;
  std::ifstream in(file, std::ios::binary);
  std::string text(limit + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) return fail(ErrorCode::Config, "cannot read " + file.string());
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > limit) return fail(ErrorCode::Config, file.string() + " is larger than 1 MiB");
  return text;
}

}  // namespace carillon::aws
