#include "aws/profile.h"

#include "base/text.h"

namespace carillon::aws {
namespace {

enum class File { kConfig, kCredentials };

// Where the lines of this section go; null if it is none of ours ("[sso-session x]", "[services x]").
Profile* section_of(Profiles& profiles, std::string_view header, File file) {
  const auto end = header.find(']');
  if (end == std::string_view::npos) return nullptr;
  auto name = trim(header.substr(1, end - 1));
  if (file == File::kConfig && name != "default") {
    if (!name.starts_with("profile ") && !name.starts_with("profile\t")) return nullptr;
    name = trim(name.substr(7));
  }
  if (name.size() > 1 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
  return name.empty() ? nullptr : &profiles.by_name[std::string(name)];
}

// " #" and " ;" begin a comment; a secret may have a # in it.
std::string_view without_comment(std::string_view value) {
  for (std::size_t i = 1; i < value.size(); ++i)
    if ((value[i] == '#' || value[i] == ';') && (value[i - 1] == ' ' || value[i - 1] == '\t'))
      return value.substr(0, i);
  return value;
}

void add(Profiles& profiles, std::string_view text, File file) {
  Profile* section = nullptr;
  for (const auto& line : split(text, '\n')) {
    const auto trimmed = trim(line);
    if (trimmed.empty() || trimmed.front() == '#' || trimmed.front() == ';') continue;
    if (line.front() == '[') {
      section = section_of(profiles, trimmed, file);
      continue;
    }
    const auto equals = trimmed.find('=');
    if (!section || line.front() == ' ' || line.front() == '\t' || equals == std::string_view::npos) continue;
    section->insert_or_assign(to_lower(trim(trimmed.substr(0, equals))),
                              std::string(trim(without_comment(trimmed.substr(equals + 1)))));
  }
}

}  // namespace

std::string Profiles::get(std::string_view profile, std::string_view name) const {
  const auto section = by_name.find(profile);
  if (section == by_name.end()) return {};
  const auto value = section->second.find(name);
  return value == section->second.end() ? std::string() : value->second;
}

void add_config(Profiles& profiles, std::string_view text) { add(profiles, text, File::kConfig); }
void add_credentials(Profiles& profiles, std::string_view text) { add(profiles, text, File::kCredentials); }

Result<Profiles> load_profiles(const Environment& environment) {
  Profiles profiles;
  const auto wanted = environment.get("AWS_PROFILE");
  if (!wanted.empty()) profiles.active = wanted;
  const auto file_of = [&](std::string_view variable, std::string_view name) {
    const auto file = environment.get(variable);
    if (!file.empty() || !environment.has("HOME")) return std::filesystem::path(file);
    return std::filesystem::path(environment.get("HOME")) / ".aws" / name;
  };
  const auto load = [&](const std::filesystem::path& file,
                        void (*add_text)(Profiles&, std::string_view)) -> Result<void> {
    std::error_code error;
    if (file.empty() || !std::filesystem::exists(file, error)) return {};
    auto text = read_text_file(file);
    if (!text) return std::unexpected(std::move(text).error());
    add_text(profiles, *text);
    return {};
  };
  if (auto loaded = load(file_of("AWS_CONFIG_FILE", "config"), add_config); !loaded)
    return std::unexpected(std::move(loaded).error());
  if (auto loaded = load(file_of("AWS_SHARED_CREDENTIALS_FILE", "credentials"), add_credentials); !loaded)
    return std::unexpected(std::move(loaded).error());
  if (!wanted.empty() && !profiles.has(wanted))
    return fail(ErrorCode::Config,
                "AWS_PROFILE is " + printable(wanted, 60) + ", which is in no configuration file of AWS");
  return profiles;
}

}  // namespace carillon::aws
