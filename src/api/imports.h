// Imports of contact lists under way: the bytes come in parts, so that a list of any length needs little memory here. A
// part is read on the worker while the ledger writes the one before; its answer comes when both are done, which is what
// holds a quick sender back. On the control thread.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <string>

#include "api/api.h"
#include "core/campaign/import/contact_importer.h"
#include "core/ports/campaign_store.h"

namespace carillon::api {

class Imports {
 public:
  Imports(CampaignStore& ledger, Campaigns& campaigns, const Surroundings& surroundings);
  ~Imports();

  // The import's id. QueueFull if too many are under way.
  Result<std::string> begin(const Campaign& campaign, ImporterOptions options);
  // The next part, or with is_last the end. offset: of its first byte in the list; a part that came before (its sender
  // did not get the answer) is not read twice. The answer has the sums so far and the rows that were rejected since the
  // last answer. Conflict while another part of the same import is being read.
  void feed(const std::string& id, std::string bytes, std::optional<std::uint64_t> offset, bool is_last,
            Reply<boost::json::object> reply);

 private:
  struct Session;
  struct Part;
  void write(const std::shared_ptr<Session>& session, Part part);
  void write_batch(const std::shared_ptr<Session>& session, std::vector<NewContact> contacts);
  void answer_when_written(const std::shared_ptr<Session>& session);
  void drop_old(Time now);

  CampaignStore& ledger_;
  Campaigns& campaigns_;
  const Surroundings& surroundings_;
  std::map<std::string, std::shared_ptr<Session>> sessions_;
};

// Of the query: region, format, encoding, map (column=role, as often as needed). Invalid names the parameter.
Result<ImporterOptions> importer_options(const net::HttpRequest& request, const CampaignSettings& settings,
                                         const std::string& default_region);

}  // namespace carillon::api
