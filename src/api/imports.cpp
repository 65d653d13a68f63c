#include "api/imports.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <charconv>
#include <utility>

#include "api/json.h"
#include "base/text.h"
#include "core/campaign/import/contact_zones.h"

namespace carillon::api {
namespace {

constexpr int kMaxImports = 16;
constexpr std::size_t kBatch = 2'000;  // contacts of one job of the ledger: some 20 ms
constexpr std::chrono::minutes kForgetAfter{10};

boost::json::object rejected_row(std::size_t line, std::string_view reason, std::string_view detail,
                                 std::string_view text) {
  return {{"line", line}, {"reason", reason}, {"detail", detail}, {"text", text}};
}

}  // namespace

// What the worker made of one part.
struct Imports::Part {
  std::vector<std::vector<NewContact>> batches;
  std::vector<RejectedRow> rejected;
  std::map<RowWarning, std::int64_t> warnings;
  std::optional<Error> error;
};

struct Imports::Session {
  std::string id;
  Campaign campaign;
  ContactPlaces contact_places;  // this and the importer are the worker's while a part is being read
  ContactImporter importer;

  Time used_at{};
  std::uint64_t bytes = 0;  // taken so far
  bool is_done = false;     // kept a while for a sender that did not get the last answer
  bool is_last = false;
  Reply<boost::json::object> reply;  // of the part being read or written
  int open_writes = 0;
  int writes_before = 0;  // of earlier parts: the answer waits for those only, except the last one
  bool is_read = false;
  std::optional<Error> error;

  std::int64_t rows = 0;
  std::int64_t added = 0;
  std::int64_t duplicates = 0;
  std::int64_t rejected_rows = 0;
  std::int64_t in_other_campaigns = 0;
  std::map<RowWarning, std::int64_t> warnings;
  boost::json::array rejected;  // since the last answer

  Session(std::string session_id, Campaign of, std::shared_ptr<const Places> known_places, ImporterOptions options)
      : id(std::move(session_id)),
        campaign(std::move(of)),
        contact_places(campaign.settings.time_zone, std::move(known_places)),
        importer(std::move(options)) {}

  // On the worker.
  Part read(std::string_view text, bool is_end) {
    Part part;
    if (!text.empty()) importer.feed(text);
    if (is_end) importer.finish();
    for (;;) {
      auto batch = importer.next_batch(kBatch);
      if (!batch) {
        part.error = batch.error();
        return part;
      }
      std::vector<NewContact> contacts;
      contacts.reserve(batch->contacts.size());
      for (auto& parsed : batch->contacts) contacts.push_back(contact_of(std::move(parsed), part));
      if (!contacts.empty()) part.batches.push_back(std::move(contacts));
      std::ranges::move(batch->rejected, std::back_inserter(part.rejected));
      if (batch->needs_bytes || batch->is_end) return part;
    }
  }

  NewContact contact_of(ParsedContact parsed, Part& part) {
    for (const auto warning : parsed.warnings) ++part.warnings[warning];
    NewContact contact;
    contact.line = parsed.line;
    contact.number = std::move(parsed.number);
    contact.external_id = std::move(parsed.id);
    contact.place = contact_places.of(parsed.time_zone, parsed.regions);
    contact.variables = std::move(parsed.variables);
    contact.consent = std::move(parsed.consent);
    if (contact.consent) contact.consent->advertiser = campaign.settings.advertiser;
    return contact;
  }

  boost::json::object sums() {
    boost::json::object json{{"importId", id},
                             {"campaignId", campaign.id},
                             {"rows", rows},
                             {"added", added},
                             {"duplicates", duplicates},
                             {"inOtherCampaigns", in_other_campaigns},
                             {"rejectedRows", rejected_rows}};
    boost::json::object told;
    for (const auto& [warning, n] : warnings) told[to_string(warning)] = n;
    json["warnings"] = std::move(told);
    json["rejected"] = std::exchange(rejected, {});
    return json;
  }
};

Imports::Imports(CampaignStore& ledger, Campaigns& campaigns, const Surroundings& surroundings)
    : ledger_(ledger), campaigns_(campaigns), surroundings_(surroundings) {}

Imports::~Imports() = default;

Result<std::string> Imports::begin(const Campaign& campaign, ImporterOptions options) {
  const Time now = wall_clock_now();
  drop_old(now);
  const auto under_way = std::ranges::count_if(sessions_, [](const auto& entry) { return !entry.second->is_done; });
  if (under_way >= kMaxImports) {
    return fail(ErrorCode::QueueFull, fmt::format("{} imports are under way", under_way));
  }
  const std::string id = "import-" + random_hex(8);
  auto session = std::make_shared<Session>(id, campaign, campaigns_.options().places, std::move(options));
  session->used_at = now;
  sessions_.emplace(id, std::move(session));
  return id;
}

void Imports::drop_old(Time now) {
  std::erase_if(sessions_, [&](const auto& entry) {
    const auto& session = entry.second;
    return !session->reply && session->open_writes == 0 && now - session->used_at > kForgetAfter;
  });
}

void Imports::feed(const std::string& id, std::string bytes, std::optional<std::uint64_t> offset, bool is_last,
                   Reply<boost::json::object> reply) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) {
    reply(fail(ErrorCode::NotFound, "there is no such import (it is forgotten after 10 minutes without a part)"));
    return;
  }
  const auto session = found->second;
  if (session->reply) {
    reply(fail(ErrorCode::Conflict, "another part of this import is being read"));
    return;
  }
  session->used_at = wall_clock_now();
  if (offset && *offset + bytes.size() == session->bytes && !is_last && !bytes.empty()) {
    reply(session->sums());
    return;
  }
  if (offset && *offset != session->bytes) {
    reply(fail(ErrorCode::Conflict, fmt::format("the next part begins at byte {}", session->bytes)));
    return;
  }
  if (session->is_done) {
    reply(session->sums());
    return;
  }
  const std::uint64_t size = bytes.size();
  session->is_last = is_last;
  session->is_read = false;
  session->writes_before = session->open_writes;
  session->reply = std::move(reply);
  auto job = [this, session, bytes = std::move(bytes), is_last] {
    auto part = std::make_shared<Part>(session->read(bytes, is_last));
    surroundings_.post([this, session, part] { write(session, std::move(*part)); });
  };
  if (!surroundings_.run_on_worker(std::move(job))) {
    std::exchange(session->reply, nullptr)(fail(ErrorCode::QueueFull, "too many imports wait to be read"));
    return;
  }
  session->bytes += size;
}

// Back on the control thread.
void Imports::write(const std::shared_ptr<Session>& session, Part part) {
  session->is_read = true;
  session->error = part.error;
  session->rejected_rows += static_cast<std::int64_t>(part.rejected.size());
  session->rows += static_cast<std::int64_t>(part.rejected.size());
  for (const auto& [warning, n] : part.warnings) session->warnings[warning] += n;
  for (const auto& row : part.rejected) {
    session->rejected.push_back(rejected_row(row.line, to_string(row.fault), row.detail, row.text));
  }
  for (auto& batch : part.batches) write_batch(session, std::move(batch));
  answer_when_written(session);
}

void Imports::write_batch(const std::shared_ptr<Session>& session, std::vector<NewContact> contacts) {
  ++session->open_writes;
  session->rows += static_cast<std::int64_t>(contacts.size());
  const auto on_added = [this, session](const Result<AddedContacts>& added) {
    --session->open_writes;
    if (session->writes_before > 0) --session->writes_before;
    if (added) {
      session->added += added->added;
      session->in_other_campaigns += added->in_other_campaigns;
      session->duplicates += static_cast<std::int64_t>(added->duplicate_lines.size());
      for (const auto line : added->duplicate_lines) {
        session->rejected.push_back(
            rejected_row(line, to_string(RowFault::kDuplicate), "the campaign has this number already", ""));
      }
      if (added->added > 0) campaigns_.on_contacts_added(session->campaign.id);
    } else {
      session->error = added.error();
    }
    answer_when_written(session);
  };
  ledger_.add_contacts(session->campaign.key, std::move(contacts), on_added);
}

void Imports::answer_when_written(const std::shared_ptr<Session>& session) {
  if (!session->reply || !session->is_read) return;
  if (session->is_last || session->error ? session->open_writes > 0 : session->writes_before > 0) return;
  const auto reply = std::exchange(session->reply, nullptr);
  session->is_done = session->is_last && !session->error;
  if (session->error) {
    sessions_.erase(session->id);
    const auto done = fmt::format("; {} rows were read, {} contacts added", session->rows, session->added);
    reply(fail(session->error->code, session->error->detail + done));
    return;
  }
  reply(session->sums());
}

Result<ImporterOptions> importer_options(const net::HttpRequest& request, const CampaignSettings& settings,
                                         const std::string& default_region) {
  ImporterOptions options;
  options.default_region = settings.region.empty() ? default_region : settings.region;
  std::vector<std::string> mapping;
  for (const auto& [name, value] : request.query) {
    if (name == "region") {
      options.default_region = value;
    } else if (name == "format") {
      const auto format = parse_list_format(value);
      if (!format) return fail(ErrorCode::Invalid, "format must be auto, csv, tsv or ndjson");
      options.format = *format;
    } else if (name == "encoding") {
      const auto encoding = parse_text_encoding(value);
      if (!encoding) return fail(ErrorCode::Invalid, "encoding must be auto, utf-8, utf-16 or windows-1255");
      options.encoding = *encoding;
    } else if (name == "map") {
      mapping.push_back(value);
    } else {
      return fail(ErrorCode::Invalid, fmt::format("there is no parameter {}", printable(name, 40)));
    }
  }
  auto columns = ColumnRoles::parse(mapping);
  if (!columns) return std::unexpected(columns.error());
  options.columns = std::move(*columns);
  return options;
}

// ---------------------------------------------------------------- the routes

void Api::begin_import(Request request) {
  const auto view = campaign_of(request);
  if (!view) return;
  auto options = importer_options(request.http, view->campaign.settings, options_.default_region);
  const auto id = options ? imports_->begin(view->campaign, std::move(*options)) : std::unexpected(options.error());
  request.respond(id ? answer(201, boost::json::object{{"importId", *id}}) : net::problem(id.error()));
}

namespace {

Reply<boost::json::object> answer_sums(net::Respond respond) {
  return [respond = std::move(respond)](const Result<boost::json::object>& sums) {
    respond(sums ? answer(200, *sums) : net::problem(sums.error()));
  };
}

}  // namespace

void Api::continue_import(Request request) {
  std::optional<std::uint64_t> offset;
  if (const auto* text = request.http.query_value("offset")) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) {
      request.respond(net::problem(Error(ErrorCode::Invalid, "offset must be a number of bytes")));
      return;
    }
    offset = value;
  }
  imports_->feed(request.name, std::move(request.http.body), offset, false, answer_sums(request.respond));
}

void Api::finish_import(Request request) {
  imports_->feed(request.name, std::move(request.http.body), std::nullopt, true, answer_sums(request.respond));
}

// A short list in one request.
void Api::import_contacts(Request request) {
  const auto view = campaign_of(request);
  if (!view) return;
  auto options = importer_options(request.http, view->campaign.settings, options_.default_region);
  const auto id = options ? imports_->begin(view->campaign, std::move(*options)) : std::unexpected(options.error());
  if (!id) {
    request.respond(net::problem(id.error()));
    return;
  }
  imports_->feed(*id, std::move(request.http.body), std::nullopt, true, answer_sums(request.respond));
}

}  // namespace carillon::api
