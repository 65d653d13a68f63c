// What is in the store: listing, reading, deleting, counting.
#include <algorithm>
#include <set>
#include <utility>

#include "prompt/durable.h"
#include "prompt/store.h"
#include "prompt/store_files.h"

namespace carillon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxPage = 1000;

Error unreadable(const fs::path& folder, const std::error_code& code) {
  return Error(ErrorCode::Io, "the prompt folder " + folder.string() + " cannot be read: " + code.message());
}

// `visit` gets each file of the folder that has the name of a prompt's file.
template <class Visit>
Result<void> visit_files(const fs::path& folder, Visit visit) {
  std::error_code code;
  auto entry = fs::directory_iterator(folder, code);
  for (; !code && entry != fs::directory_iterator(); entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    const auto id = std::string_view(name).substr(0, store_files::kIdDigits);
    if (!is_prompt_id(id)) continue;
    const auto extension = std::string_view(name).substr(store_files::kIdDigits);
    if (extension == ".json" || std::ranges::find(store_files::kAudio, extension) != store_files::kAudio.end()) {
      visit(id, extension, *entry);
    }
  }
  if (code) return std::unexpected(unreadable(folder, code));
  return {};
}

std::uint64_t size_of(const fs::path& file) {
  std::error_code code;
  const auto size = fs::file_size(file, code);
  return code ? 0 : size;
}

// The metadata first: without it the prompt is not stored, whatever a crash leaves of the rest.
Result<void> remove_files(const fs::path& folder, std::string_view id) {
  std::error_code code;
  fs::remove(store_files::file_of(folder, id, ".json"), code);
  auto done = code ? Result<void>(std::unexpected(unreadable(folder, code))) : flush_folder(folder);
  if (!done) return done;
  for (const auto extension : store_files::kAudio) {
    fs::remove(store_files::file_of(folder, id, extension), code);
    if (code) return std::unexpected(unreadable(folder, code));
  }
  return flush_folder(folder);
}

std::unexpected<Error> no_such(std::string_view id) {
  return fail(ErrorCode::NotFound,
              is_prompt_id(id) ? "there is no stored prompt " + std::string(id) : "this is no id of a prompt");
}

}  // namespace

Result<StoredPrompt> read_prompt(const fs::path& folder, std::string_view id) {
  if (!is_prompt_id(id)) return no_such(id);
  const auto json = read_bounded(store_files::file_of(folder, id, ".json"), kMaxMetadataBytes);
  if (!json) return json.error().code == ErrorCode::NotFound ? no_such(id) : std::unexpected(json.error());
  return parse_metadata(*json, id);
}

Result<std::string> read_prompt_file(const fs::path& folder, std::string_view id, std::string_view extension) {
  // Ten minutes of .sln.
  constexpr std::size_t kMaxFileBytes = 16 * 1024 * 1024;
  const bool is_known = std::ranges::find(store_files::kAudio, extension) != store_files::kAudio.end();
  if (!is_prompt_id(id) || !is_known) return no_such(id);
  auto bytes = read_bounded(store_files::file_of(folder, id, extension), kMaxFileBytes);
  if (!bytes && bytes.error().code == ErrorCode::NotFound) return no_such(id);
  return bytes;
}

Result<PromptPage> list_prompts(const fs::path& folder, std::string_view after, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  std::set<std::string> ids;  // the lowest of them, one more than asked for
  const auto visited = visit_files(folder, [&](std::string_view id, std::string_view extension, const auto&) {
    if (extension != ".json" || id <= after) return;
    ids.emplace(id);
    if (ids.size() > limit + 1) ids.erase(std::prev(ids.end()));
  });
  if (!visited) return std::unexpected(visited.error());
  PromptPage page;
  const bool has_more = ids.size() > limit;
  if (has_more) ids.erase(std::prev(ids.end()));
  if (has_more) page.next = *std::prev(ids.end());
  for (const auto& id : ids) {
    auto prompt = read_prompt(folder, id);
    if (!prompt && prompt.error().code == ErrorCode::NotFound) continue;  // deleted meanwhile
    if (!prompt) {
      prompt = StoredPrompt{};
      prompt->id = id;
      prompt->warnings.emplace_back("damaged");
    }
    page.prompts.push_back(*std::move(prompt));
  }
  return page;
}

Result<void> delete_prompt(const fs::path& folder, std::string_view id, const std::set<std::string>& in_use) {
  if (!is_prompt_id(id)) return no_such(id);
  if (in_use.contains(std::string(id))) {
    return fail(ErrorCode::Conflict, "the prompt " + std::string(id) + " is in use and cannot be deleted");
  }
  const FolderLock lock(folder);
  std::error_code code;
  if (!fs::exists(store_files::file_of(folder, id, ".json"), code)) return no_such(id);
  return remove_files(folder, id);
}

Result<void> delete_if_cached(const fs::path& folder, std::string_view id) {
  if (!is_prompt_id(id)) return no_such(id);
  const FolderLock lock(folder);
  const auto prompt = read_prompt(folder, id);
  const bool is_left_over = !prompt && prompt.error().code == ErrorCode::NotFound;
  if (!is_left_over && (!prompt || !prompt->origin.is_cached)) return {};
  return remove_files(folder, id);
}

std::uint64_t bytes_of_prompt(const fs::path& folder, std::string_view id) {
  if (!is_prompt_id(id)) return 0;
  std::uint64_t total = size_of(store_files::file_of(folder, id, ".json"));
  for (const auto extension : store_files::kAudio) total += size_of(store_files::file_of(folder, id, extension));
  return total;
}

Result<std::uint64_t> bytes_of_store(const fs::path& folder) {
  std::uint64_t total = 0;
  const auto visited = visit_files(folder, [&](std::string_view, std::string_view, const fs::directory_entry& entry) {
    std::error_code code;
    const auto size = entry.file_size(code);
    if (!code) total += size;
  });
  if (!visited) return std::unexpected(visited.error());
  return total;
}

}  // namespace carillon
