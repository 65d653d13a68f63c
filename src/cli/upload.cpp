#include "cli/upload.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <fstream>

#include "core/campaign/import/rejects_writer.h"
#include "net/http.h"

namespace carillon::cli {
namespace {

constexpr std::size_t kPart = 1024 * 1024;

// The file is made when there is a first row for it.
class Rejects {
 public:
  explicit Rejects(std::filesystem::path path) : path_(std::move(path)) {}

  Result<void> add(const boost::json::array& rows) {
    if (rows.empty()) return {};
    if (!file_.is_open()) {
      file_.open(path_, std::ios::binary);
      // Numbers of people are in it.
      std::error_code error;
      std::filesystem::permissions(path_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                                   error);
      file_ << rejects_header();
    }
    for (const auto& value : rows) {
      const auto& row = value.as_object();
      const auto text = [&](const char* name) { return std::string(row.at(name).as_string()); };
      file_ << row.at("line").as_int64();
      for (const char* name : {"reason", "detail", "text"}) file_ << ',' << safe_csv_cell(text(name));
      file_ << "\r\n";
    }
    file_.flush();
    if (!file_) return fail(ErrorCode::Io, fmt::format("{} cannot be written", path_.string()));
    return {};
  }
  std::filesystem::path path() const { return file_.is_open() ? path_ : std::filesystem::path(); }

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

std::string query_of(const UploadOptions& options) {
  std::string query;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, net::percent_encode(value));
  };
  add("region", options.region);
  add("format", options.format);
  add("encoding", options.encoding);
  for (const auto& rule : options.map) add("map", rule);
  return query;
}

Result<void> take(const boost::json::object& answer, UploadSums& sums, Rejects& rejects) {
  sums.rows = answer.at("rows").as_int64();
  sums.added = answer.at("added").as_int64();
  sums.duplicates = answer.at("duplicates").as_int64();
  sums.rejected = answer.at("rejectedRows").as_int64();
  sums.in_other_campaigns = answer.at("inOtherCampaigns").as_int64();
  sums.warnings.clear();
  for (const auto& [name, n] : answer.at("warnings").as_object()) sums.warnings.emplace_back(name, n.as_int64());
  return rejects.add(answer.at("rejected").as_array());
}

}  // namespace

Result<UploadSums> upload_contacts(Client& client, const std::string& campaign, const UploadOptions& options,
                                   const std::function<void(const UploadSums&)>& on_part) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(options.file, error)) {
    return fail(ErrorCode::NotFound, fmt::format("{} is no file", options.file.string()));
  }
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return fail(ErrorCode::NotFound, fmt::format("{} cannot be read", options.file.string()));
  UploadSums sums;
  sums.total_bytes = std::filesystem::file_size(options.file, error);
  Rejects rejects(options.rejects.empty() ? std::filesystem::path(options.file.filename().string() + ".rejected.csv")
                                          : options.rejects);
  const auto begun = client.post("/v1/campaigns/" + campaign + "/imports" + query_of(options));
  if (!begun) return std::unexpected(begun.error());
  const auto import_id = std::string(begun->at("importId").as_string());
  std::string part(kPart, '\0');
  for (;;) {
    file.read(part.data(), static_cast<std::streamsize>(part.size()));
    const auto size = static_cast<std::size_t>(file.gcount());
    if (size > 0) {
      const auto target = fmt::format("/v1/imports/{}?offset={}", import_id, sums.bytes);
      const auto answer = client.post(target, std::string_view(part).substr(0, size), "application/octet-stream");
      if (!answer) return std::unexpected(answer.error());
      sums.bytes += size;
      if (auto taken = take(*answer, sums, rejects); !taken) return std::unexpected(taken.error());
      on_part(sums);
    }
    if (file.bad()) return fail(ErrorCode::Io, fmt::format("{} cannot be read to its end", options.file.string()));
    if (file.eof()) break;
  }
  const auto finished = client.post("/v1/imports/" + import_id + ":finish");
  if (!finished) return std::unexpected(finished.error());
  if (auto taken = take(*finished, sums, rejects); !taken) return std::unexpected(taken.error());
  sums.rejects = rejects.path();
  on_part(sums);
  return sums;
}

}  // namespace carillon::cli
