#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <functional>

#include "base/text.h"
#include "cli/campaign_commands.h"
#include "cli/run.h"
#include "cli/show.h"
#include "cli/tables.h"
#include "net/http.h"

namespace carillon::cli {
namespace {

constexpr std::size_t kLinesPerRequest = 20'000;

// Sends lines in requests of a bearable size; tells the rejected ones.
class Sender {
 public:
  Sender(Client& client, std::string path) : client_(client), path_(std::move(path)) {}

  Result<void> add(const boost::json::object& line, std::size_t line_number) {
    body_ += boost::json::serialize(line) + "\n";
    lines_.push_back(line_number);
    return lines_.size() >= kLinesPerRequest ? send() : Result<void>();
  }
  Result<void> send() {
    if (lines_.empty()) return {};
    const auto answer = client_.post(path_, body_, "application/x-ndjson");
    if (!answer) return std::unexpected(answer.error());
    added_ += answer->at("added").as_int64();
    for (const auto& value : answer->at("rejected").as_array()) {
      const auto at = static_cast<std::size_t>(value.as_object().at("line").as_int64());
      fmt::print(stderr, "line {}: {}\n", at >= 1 && at <= lines_.size() ? lines_[at - 1] : at,
                 std::string(value.as_object().at("reason").as_string()));
      ++rejected_;
    }
    body_.clear();
    lines_.clear();
    return {};
  }
  int end(const Output& output, std::string_view what) {
    if (auto sent = send(); !sent) return fail_with(sent.error());
    if (output.is_json) {
      fmt::print("{}\n", boost::json::serialize(boost::json::object{{"added", added_}, {"rejected", rejected_}}));
    } else {
      fmt::print("{} {}{}\n", added_, what, rejected_ > 0 ? fmt::format(", {} rejected", rejected_) : "");
    }
    return rejected_ > 0 ? kFailed : kDone;
  }

 private:
  Client& client_;
  std::string path_;
  std::string body_;
  std::vector<std::size_t> lines_;
  std::int64_t added_ = 0;
  std::int64_t rejected_ = 0;
};

Result<void> for_each_line(const std::filesystem::path& path,
                           const std::function<Result<void>(const std::vector<std::string>&, std::size_t)>& take) {
  std::ifstream file(path);
  if (!file) return fail(ErrorCode::NotFound, fmt::format("{} cannot be read", path.string()));
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    auto cells = split(trim(line), ',');
    for (auto& cell : cells) cell = std::string(trim(cell));
    if (cells.empty() || cells[0].empty() || cells[0].find_first_of("0123456789") == std::string::npos) continue;
    if (auto taken = take(cells, number); !taken) return taken;
  }
  return {};
}

}  // namespace

int add_suppressions(Client& client, const SuppressOptions& options, const Output& output) {
  Sender sender(client, "/v1/suppressions");
  const auto add = [&](const std::string& number, std::size_t line) {
    boost::json::object entry{{"phoneNumber", number}, {"level", options.level}};
    if (!options.scope.empty()) entry["scope"] = options.scope;
    if (!options.reason.empty()) entry["reason"] = options.reason;
    if (!options.expires_at.empty()) entry["expiresAt"] = options.expires_at;
    return sender.add(entry, line);
  };
  for (std::size_t i = 0; i < options.numbers.size(); ++i) {
    if (auto added = add(options.numbers[i], i + 1); !added) return fail_with(added.error());
  }
  if (!options.file.empty()) {
    const auto take = [&](const std::vector<std::string>& cells, std::size_t line) { return add(cells[0], line); };
    if (auto read = for_each_line(options.file, take); !read) return fail_with(read.error());
  }
  return sender.end(output, "numbers suppressed");
}

int remove_suppression(Client& client, const SuppressOptions& options) {
  for (const auto& number : options.numbers) {
    const auto removed =
        client.remove(fmt::format("/v1/suppressions?number={}&level={}&scope={}", net::percent_encode(number),
                                  options.level, net::percent_encode(options.scope)));
    if (!removed) return fail_with(removed.error());
    fmt::print("{} may be called again\n", mask_number(number));
  }
  return kDone;
}

int list_suppressions(Client& client, const std::string& number, const Output& output) {
  std::string after;
  boost::json::array all;
  do {
    std::string target = "/v1/suppressions?limit=1000&after=" + net::percent_encode(after);
    if (!number.empty()) target += "&number=" + net::percent_encode(number);
    const auto page = client.get(target);
    if (!page) return fail_with(page.error());
    const auto& entries = page->at("suppressions").as_array();
    all.insert(all.end(), entries.begin(), entries.end());
    const auto* next = page->if_contains("next");
    after = next == nullptr ? "" : std::string(next->as_string());
  } while (!after.empty());
  if (output.is_json) {
    fmt::print("{}\n", boost::json::serialize(boost::json::object{{"suppressions", all}}));
  } else {
    fmt::print("{}", suppression_table(all));
  }
  return kDone;
}

int add_registry_checks(Client& client, const std::string& registry, const std::filesystem::path& file,
                        const std::string& checked_at, const Output& output) {
  Sender sender(client, "/v1/registry-checks");
  const auto take = [&](const std::vector<std::string>& cells, std::size_t line) -> Result<void> {
    const auto word = cells.size() < 2 ? std::string() : to_lower(cells[1]);
    const bool is_listed = word == "yes" || word == "true" || word == "1" || word == "listed";
    if (!is_listed && word != "no" && word != "false" && word != "0") {
      return fail(ErrorCode::Invalid, fmt::format("line {}: write number,yes or number,no", line));
    }
    return sender.add(
        {{"phoneNumber", cells[0]}, {"registry", registry}, {"listed", is_listed}, {"checkedAt", checked_at}}, line);
  };
  if (auto read = for_each_line(file, take); !read) return fail_with(read.error());
  return sender.end(output, "answers of the registry");
}

}  // namespace carillon::cli
