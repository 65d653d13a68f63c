#include "core/campaign/import/gunzip.h"

#include <zlib.h>

#include <algorithm>

namespace carillon {
namespace {

constexpr std::string_view kMagic = "\x1f\x8b";
constexpr int kGzipOnly = 16;  // added to the window's bits: a gzip header, no zlib one

}  // namespace

bool is_gzip(std::string_view first_bytes) { return first_bytes.starts_with(kMagic); }

Gunzip::Gunzip(GunzipLimits limits) : limits_(limits), stream_(std::make_unique<z_stream>()) {
  CARILLON_CHECK(inflateInit2(stream_.get(), MAX_WBITS + kGzipOnly) == Z_OK);
}

Gunzip::~Gunzip() { inflateEnd(stream_.get()); }

void Gunzip::feed(std::string_view bytes) {
  if (state_ == State::kEnd || state_ == State::kFailed) return;
  packed_.erase(0, position_);
  position_ = 0;
  packed_ += bytes;
}

Result<bool> Gunzip::read(std::string& text, std::size_t max_bytes) {
  for (;;) {
    switch (state_) {
      case State::kFailed: return fail(ErrorCode::Invalid, failure_);
      case State::kEnd: return false;
      case State::kBetween:
        if (!begin_next_member()) return false;
        continue;
      case State::kMember: break;
    }
    const std::size_t before = text.size();
    text.resize(before + max_bytes);
    stream_->next_in = reinterpret_cast<Bytef*>(packed_.data() + position_);
    stream_->avail_in = static_cast<uInt>(std::min<std::size_t>(unread().size(), 1U << 30));
    stream_->next_out = reinterpret_cast<Bytef*>(text.data() + before);
    stream_->avail_out = static_cast<uInt>(max_bytes);
    const uInt offered = stream_->avail_in;
    const int result = inflate(stream_.get(), Z_NO_FLUSH);
    const std::size_t made = max_bytes - stream_->avail_out;
    text.resize(before + made);
    position_ += offered - stream_->avail_in;
    packed_bytes_ += offered - stream_->avail_in;
    bytes_ += made;

    if (auto limit = limit_passed(); !limit.empty()) {
      give_up(std::move(limit));
    } else if (result == Z_STREAM_END) {
      state_ = State::kBetween;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      give_up("the gzip file is damaged; what was before the damage was read");
    } else if (made == 0 && unread().empty()) {
      if (!is_finished_) return false;
      give_up("the gzip file is cut off; what was before the cut was read");
    }
    if (made > 0) return true;
  }
}

// After a member: another one, zeros (what tapes and some tools fill up with), or the end. `gzip` ignores anything else
// with a warning; here it is an error, since contacts may be lost in it. False if it needs more bytes.
bool Gunzip::begin_next_member() {
  while (!unread().empty() && unread()[0] == '\0') ++position_;
  if (unread().size() < kMagic.size() && !is_finished_) return false;
  if (unread().empty()) {
    state_ = State::kEnd;
  } else if (!is_gzip(unread())) {
    give_up("there is something after the end of the gzip file that is not gzip");
  } else {
    CARILLON_CHECK(inflateReset(stream_.get()) == Z_OK);
    state_ = State::kMember;
  }
  return true;
}

std::string Gunzip::limit_passed() const {
  if (bytes_ > limits_.bytes) return "the gzip file holds more than " + std::to_string(limits_.bytes) + " bytes";
  if (bytes_ > limits_.ratio_from_bytes && bytes_ / limits_.ratio > packed_bytes_) {
    return "the gzip file unpacks to more than " + std::to_string(limits_.ratio) +
           " times its size, as no list of contacts does; unpack it yourself if it is one";
  }
  return {};
}

void Gunzip::give_up(std::string detail) {
  state_ = State::kFailed;
  failure_ = std::move(detail);
  packed_.clear();
  position_ = 0;
}

}  // namespace carillon
