// `carillon campaign …`, `carillon suppress …` and `carillon trunks`: each a request or two to the API and a table.
// Every one returns the process's exit code and prints its errors.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/client.h"
#include "cli/upload.h"

namespace carillon::cli {

struct Output {
  bool is_json = false;
  bool is_quiet = false;
};

// The file is TOML with the API's members in snake_case. audio and preamble may be files beside it: they are stored.
// update: the campaign is there and shall be changed.
int create_campaign(Client& client, const std::string& id, const std::filesystem::path& file, bool update,
                    const Output& output);
int import_contacts(Client& client, const std::string& id, const UploadOptions& options, const Output& output);
int list_campaigns(Client& client, const Output& output);
int show_campaign(Client& client, const std::string& id, const Output& output);
// verb: start, resume, pause, stop; mode: of stop. watch: shows it until it ends.
int act_on_campaign(Client& client, const std::string& id, const std::string& verb, const std::string& mode, bool watch,
                    const Output& output);
// format: table, csv or json.
int report_campaign(Client& client, const std::string& id, const std::string& format);
int preview_campaign(Client& client, const std::string& id, const Output& output);
int explain_number(Client& client, const std::string& number, const std::string& campaign, const Output& output);
int resolve_attempt(Client& client, const std::string& attempt, const std::string& decision);
// Contacts whose attempt's fate is unknown, with the attempts to resolve.
int list_unknown(Client& client, const std::string& id, const Output& output);
int audit_campaign(Client& client, const std::string& id, const Output& output);

struct SuppressOptions {
  std::vector<std::string> numbers;
  std::filesystem::path file;  // one number a line, or "number,…": the first column
  std::string level = "global";
  std::string scope;
  std::string reason;
  std::string expires_at;
};
int add_suppressions(Client& client, const SuppressOptions& options, const Output& output);
int remove_suppression(Client& client, const SuppressOptions& options);
int list_suppressions(Client& client, const std::string& number, const Output& output);
// file: CSV or lines "number,listed" with yes or no, as the registry answered.
int add_registry_checks(Client& client, const std::string& registry, const std::filesystem::path& file,
                        const std::string& checked_at, const Output& output);

int list_trunks(Client& client, const Output& output);

}  // namespace carillon::cli
