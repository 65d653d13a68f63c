// Where a contact may be, as time zones.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/campaign/contact_place.h"
#include "core/campaign/places.h"

namespace carillon {

// What the list says of the contact wins; else all zones of the regions that its number may belong to; else the
// campaign's own. Empty = not known, and then nobody is called. Each zone once, in the order of the regions.
std::vector<std::string> resolve_zones(std::string_view explicit_zone, const std::vector<std::string>& regions,
                                       std::string_view campaign_zone, const Places& places);

// The places of a list's contacts: those of one kind share theirs.
class ContactPlaces {
 public:
  // campaign_zone: IANA, or empty.
  ContactPlaces(std::string campaign_zone, std::shared_ptr<const Places> places)
      : campaign_zone_(std::move(campaign_zone)), places_(std::move(places)) {}

  std::shared_ptr<const ContactPlace> of(const std::string& explicit_zone, const std::vector<std::string>& regions);

 private:
  using Kind = std::pair<std::string, std::vector<std::string>>;

  std::string campaign_zone_;
  std::shared_ptr<const Places> places_;
  std::map<Kind, std::shared_ptr<const ContactPlace>> known_;
};

}  // namespace carillon
