// Events as CloudEvents 1.0 in JSON, one a line, appended to a file and synced. After a crash a half-written last line
// is cut off and publishing goes on behind the last whole one, so that the file holds each event once.
#pragma once

#include <filesystem>

#include "publish/event_form.h"
#include "publish/sink.h"

namespace carillon::publish {

class FileSink final : public Sink {
 public:
  FileSink(std::filesystem::path file, EventForm form);
  ~FileSink() override;
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  std::string name() const override;
  std::optional<KnownEvent> last_known() override;
  void forget_position() override { last_position_ = 0; }
  Published publish(const std::vector<OutboxRow>& rows) override;

 private:
  Result<void> open();
  bool is_rotated() const;
  Result<void> write(std::string_view lines);
  Result<void> append(const std::vector<OutboxRow>& rows);

  std::filesystem::path file_;
  EventForm form_;
  int fd_ = -1;
  std::string last_line_;  // whole, as it was when the file was opened
  std::int64_t last_position_ = 0;
};

}  // namespace carillon::publish
