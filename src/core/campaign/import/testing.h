// What the tests of imports share.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/campaign/import/contact_importer.h"

namespace carillon::testing_import {

inline std::string gzip(std::string_view text) {
  z_stream stream{};
  CARILLON_CHECK(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, text.size()) + 32, '\0');
  std::string copy(text);
  stream.next_in = reinterpret_cast<Bytef*>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  CARILLON_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

struct Imported {
  std::vector<ParsedContact> contacts;
  std::vector<RejectedRow> rejected;
  std::string error;

  bool operator==(const Imported&) const = default;
};

// Feeds the bytes in pieces of the given sizes, in turn.
inline Imported import_in_pieces(std::string_view bytes, const std::vector<std::size_t>& sizes,
                                 const ImporterOptions& options = {}, std::size_t max_rows = 3) {
  ContactImporter importer(options);
  Imported all;
  for (std::size_t i = 0;; ++i) {
    const auto piece = bytes.substr(0, sizes[i % sizes.size()]);
    bytes.remove_prefix(piece.size());
    if (piece.empty()) {
      importer.finish();
    } else {
      importer.feed(piece);
    }
    for (;;) {
      auto batch = importer.next_batch(max_rows);
      if (!batch) {
        all.error = batch.error().detail;
        return all;
      }
      std::ranges::move(batch->contacts, std::back_inserter(all.contacts));
      std::ranges::move(batch->rejected, std::back_inserter(all.rejected));
      if (batch->is_end) return all;
      if (batch->needs_bytes) break;
    }
  }
}

inline Imported import_all(std::string_view bytes, const ImporterOptions& options = {}) {
  return import_in_pieces(bytes, {64 * 1024}, options);
}

}  // namespace carillon::testing_import
