// A contact list on its way to a campaign: the file goes to the API in parts, rejected rows come back into a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cli/client.h"

namespace carillon::cli {

struct UploadOptions {
  std::filesystem::path file;
  std::filesystem::path rejects;  // empty: <file>.rejected.csv in this folder
  std::string region;             // ISO 3166; empty: the campaign's
  std::string format;             // auto, csv, tsv, ndjson; empty: auto
  std::string encoding;           // auto, utf-8, utf-16, windows-1255; empty: auto
  std::vector<std::string> map;   // column=role
};

struct UploadSums {
  std::uint64_t bytes = 0;
  std::uint64_t total_bytes = 0;
  std::int64_t rows = 0;
  std::int64_t added = 0;
  std::int64_t duplicates = 0;
  std::int64_t rejected = 0;
  std::int64_t in_other_campaigns = 0;
  std::vector<std::pair<std::string, std::int64_t>> warnings;
  std::filesystem::path rejects;  // written if there was anything to write
};

// on_part: after each part, for progress. What was added before an error stays.
Result<UploadSums> upload_contacts(Client& client, const std::string& campaign, const UploadOptions& options,
                                   const std::function<void(const UploadSums&)>& on_part);

}  // namespace carillon::cli
