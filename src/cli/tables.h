// Tables and progress bars for people.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <string>

#include "cli/upload.h"

namespace carillon::cli {

// The sums of a campaign (GET /v1/campaigns/{id}/report).
std::string report_table(const std::string& campaign, const boost::json::object& report);
std::string upload_lines(const UploadSums& sums);
std::string campaign_list(const boost::json::array& campaigns);
std::string preview_table(const boost::json::object& preview);
std::string why_table(const boost::json::object& why);
std::string trunk_table(const boost::json::array& trunks);
std::string suppression_table(const boost::json::array& suppressions);
std::string audit_table(const boost::json::array& entries);

// A bar that is drawn over on a terminal; elsewhere a line now and then.
class UploadProgress {
 public:
  explicit UploadProgress(bool is_quiet);
  void draw(const UploadSums& sums);
  void end();

 private:
  bool is_quiet_;
  bool is_terminal_;
  bool is_drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace carillon::cli
