#include "app/policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

#include "base/log.h"

namespace carillon {
namespace {

Result<PolicyPack> read_pack(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return fail(ErrorCode::Config, fmt::format("{} cannot be read", path.string()));
  return parse_policy_pack(text.str(), path.string());
}

}  // namespace

Result<std::map<std::string, PolicyPack>> load_policies(const std::filesystem::path& folder) {
  std::map<std::string, PolicyPack> packs;
  for (const auto& builtin : builtin_policies()) {
    auto pack = parse_policy_pack(builtin.text, builtin.file_name);
    if (!pack) return std::unexpected(pack.error());
    packs[pack->id] = std::move(*pack);
  }
  if (folder.empty()) return packs;
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  if (error)
    return fail(ErrorCode::Config, fmt::format("campaigns.policies: {}: {}", folder.string(), error.message()));
  std::ranges::sort(files);
  for (const auto& path : files) {
    auto pack = read_pack(path);
    if (!pack) return std::unexpected(pack.error());
    log::info("policy_loaded", {{"policy", pack->id}, {"version", std::to_string(pack->version)}});
    packs[pack->id] = std::move(*pack);
  }
  return packs;
}

}  // namespace carillon
