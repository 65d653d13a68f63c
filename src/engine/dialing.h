// What the engine's calls need of the one who decides when calls begin (Campaigns), and tell it.
#pragma once

#include <memory>
#include <string>

#include "core/campaign/dialer.h"

namespace carillon {

class Dialing {
 public:
  virtual ~Dialing() = default;
  // Something that the dialer must know; it acts on it soon, not within this call.
  virtual void tell(DialerEvent event) = 0;
  // Asked last, before an order leaves: a stop may have come while the intent was written.
  virtual bool takes_calls(const std::string& campaign_id) const = 0;
  // Nothing if there is no such campaign.
  virtual std::shared_ptr<const GateRules> rules_of(const std::string& campaign_id) const = 0;
  // Somebody asked never to be called again: known before it is durable.
  virtual void on_suppressed(const std::string& number) = 0;
};

}  // namespace carillon
