// The files ~/.aws/config and ~/.aws/credentials: sections of "name = value" lines. Plain values; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "aws/environment.h"
#include "base/result.h"

namespace carillon::aws {

using Profile = std::map<std::string, std::string, std::less<>>;

struct Profiles {
  std::map<std::string, Profile, std::less<>> by_name;
  std::string active = "default";  // AWS_PROFILE

  // Empty if the profile or the value is not there.
  std::string get(std::string_view profile, std::string_view name) const;
  std::string get(std::string_view name) const { return get(active, name); }
  bool has(std::string_view profile) const { return by_name.contains(profile); }
};

// "[profile x]" in config is "[x]" in credentials, which wins. Indented lines belong to a nested section and are passed
// over, and so is what is not understood: other tools own these files too.
void add_config(Profiles& profiles, std::string_view text);
void add_credentials(Profiles& profiles, std::string_view text);

// By AWS_PROFILE, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE and HOME. No file is no error; a profile that was asked
// for by name and is nowhere is one (Config).
Result<Profiles> load_profiles(const Environment& environment);

}  // namespace carillon::aws
