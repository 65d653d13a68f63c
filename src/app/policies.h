// The policy packs of this installation: the built-in ones, and those of campaigns.policies, which replace a built-in
// one of the same id.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "core/campaign/policy.h"

namespace carillon {

Result<std::map<std::string, PolicyPack>> load_policies(const std::filesystem::path& folder);

}  // namespace carillon
