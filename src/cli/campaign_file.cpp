#include "cli/campaign_file.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "core/campaign/campaign_file.h"
#include "net/http.h"

namespace carillon::cli {
namespace {

Result<void> store_file(Client& client, boost::json::object& settings, const char* name,
                        const std::filesystem::path& folder) {
  const auto* value = settings.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  const auto path = folder / std::string(value->get_string());
  std::error_code error;
  if (value->get_string().empty() || !std::filesystem::is_regular_file(path, error)) return {};
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  const auto target = "/v1/prompts?name=" + net::percent_encode(path.filename().string());
  const auto stored = client.post(target, bytes.str(), "application/octet-stream");
  if (!stored) return fail(stored.error().code, fmt::format("{}: {}", name, stored.error().detail));
  settings[name] = stored->at("id");
  return {};
}

}  // namespace

Result<boost::json::object> read_campaign_file(Client& client, const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return fail(ErrorCode::NotFound, fmt::format("{} cannot be read", file.string()));
  const auto table = parse_toml(text.str(), file.string());
  if (!table) return std::unexpected(table.error());
  auto settings = to_json(*table);
  for (const char* name : {"audio", "preamble"}) {
    if (auto stored = store_file(client, settings, name, file.parent_path()); !stored)
      return std::unexpected(stored.error());
  }
  return settings;
}

}  // namespace carillon::cli
