// gzip (RFC 1952) from bytes that come in pieces of any size, to pieces of a size that the reader chooses: a small file
// can hold gigabytes. Several members one after the other are one list. Pure: buffers in, buffers out; one owner, one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct z_stream_s;

namespace carillon {

struct GunzipLimits {
  std::uint64_t bytes = 4ULL * 1024 * 1024 * 1024;  // unpacked, in all
  // Unpacked to packed. Contact lists pack to a tenth, rarely to a hundredth; a file made to do harm to a thousandth.
  std::uint64_t ratio = 300;
  std::uint64_t ratio_from_bytes = 16 * 1024 * 1024;  // unpacked; smaller lists may be as repetitive as they like
};

bool is_gzip(std::string_view first_bytes);

class Gunzip {
 public:
  explicit Gunzip(GunzipLimits limits = {});
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // Kept until read() has used them.
  void feed(std::string_view bytes);
  void finish() { is_finished_ = true; }
  // Adds at most max_bytes to `text`; false if it needs more bytes, or at the end. An error (cut, damaged, beyond a
  // limit) comes after all that could be unpacked, and comes again.
  Result<bool> read(std::string& text, std::size_t max_bytes);

 private:
  enum class State { kMember, kBetween, kEnd, kFailed };

  bool begin_next_member();
  void give_up(std::string detail);
  std::string limit_passed() const;
  std::string_view unread() const { return std::string_view(packed_).substr(position_); }

  GunzipLimits limits_;
  std::unique_ptr<z_stream_s> stream_;
  std::string packed_;  // read up to position_
  std::size_t position_ = 0;
  bool is_finished_ = false;
  State state_ = State::kMember;
  std::uint64_t packed_bytes_ = 0;  // used so far
  std::uint64_t bytes_ = 0;         // unpacked so far
  std::string failure_;
};

}  // namespace carillon
