#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"
#include "prompt/audio.h"
#include "prompt/g711.h"
#include "prompt/intake.h"

namespace carillon {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::string_view kAccepted =
    "accepted are WAV, FLAC, OGG (Vorbis or Opus), MP3, AIFF, AU, CAF, and without a header .ulaw .alaw .sln .sln16";
constexpr sf_count_t kBlockFrames = 4096;
// A decoder may end a little before what the header says (padding of MP3 and the like); more is a file cut off.
constexpr int kMissedPerSecond = 4;  // a quarter of a second

Error invalid(const std::string& name, const std::string& what) {
  return Error(ErrorCode::AudioInvalid, name + " " + what);
}

std::uint8_t octet(std::byte byte) { return std::to_integer<std::uint8_t>(byte); }

bool has_at(Bytes bytes, std::size_t offset, std::string_view magic) {
  return bytes.size() >= offset + magic.size() && std::memcmp(bytes.data() + offset, magic.data(), magic.size()) == 0;
}

// Only formats that people have reach libsndfile's parsers; it knows two dozen more.
bool has_known_header(Bytes bytes) {
  constexpr std::array<std::string_view, 10> magics = {"RIFF", "RIFX", "RF64", "riff", "FORM",
                                                       ".snd", "caff", "fLaC", "OggS", "ID3"};
  if (std::ranges::any_of(magics, [bytes](std::string_view magic) { return has_at(bytes, 0, magic); })) return true;
  // MPEG audio begins with eleven set bits, two of the version and two of the layer. Layer I is left out: nobody has
  // it, and UTF-16 text begins like it.
  if (bytes.size() < 2 || octet(bytes[0]) != 0xff || (octet(bytes[1]) & 0xe0) != 0xe0) return false;
  const int version = (octet(bytes[1]) >> 3) & 3;
  const int layer = (octet(bytes[1]) >> 1) & 3;
  return version != 1 && (layer == 1 || layer == 2);
}

bool is_accepted(int format) {
  constexpr std::array<int, 10> accepted = {SF_FORMAT_WAV,  SF_FORMAT_WAVEX, SF_FORMAT_RF64, SF_FORMAT_W64,
                                            SF_FORMAT_AIFF, SF_FORMAT_AU,    SF_FORMAT_CAF,  SF_FORMAT_FLAC,
                                            SF_FORMAT_OGG,  SF_FORMAT_MPEG};
  return std::ranges::find(accepted, format & SF_FORMAT_TYPEMASK) != accepted.end();
}

Error not_audio(const std::string& name, Bytes bytes) {
  std::string what = "is not audio that can be read; ";
  if (has_at(bytes, 4, "ftyp")) what = "is MP4 or M4A; save it as WAV or MP3; ";
  if (has_at(bytes, 0, "\x1a\x45\xdf\xa3")) what = "is WebM or Matroska; save it as WAV or MP3; ";
  if (has_at(bytes, 0, "#!AMR")) what = "is AMR; save it as WAV or MP3; ";
  return invalid(name, what.append(kAccepted));
}

// --- Files without a header ---

enum class Coding { Ulaw, Alaw, Linear };
struct Headerless {
  std::string_view extension;
  Coding coding;
  int rate;
  std::string_view format;
};
constexpr std::array<Headerless, 9> kHeaderless = {{{".ulaw", Coding::Ulaw, 8000, "headerless, mu-law"},
                                                    {".ul", Coding::Ulaw, 8000, "headerless, mu-law"},
                                                    {".pcmu", Coding::Ulaw, 8000, "headerless, mu-law"},
                                                    {".alaw", Coding::Alaw, 8000, "headerless, A-law"},
                                                    {".al", Coding::Alaw, 8000, "headerless, A-law"},
                                                    {".pcma", Coding::Alaw, 8000, "headerless, A-law"},
                                                    {".sln", Coding::Linear, 8000, "headerless, 16 bit PCM"},
                                                    {".slin", Coding::Linear, 8000, "headerless, 16 bit PCM"},
                                                    {".sln16", Coding::Linear, 16000, "headerless, 16 bit PCM"}}};

const Headerless* headerless_kind(std::string_view name) {
  const auto dot = name.rfind('.');
  const std::string extension = dot == std::string_view::npos ? "" : to_lower(name.substr(dot));
  const auto kind = std::ranges::find(kHeaderless, extension, &Headerless::extension);
  return kind == kHeaderless.end() ? nullptr : &*kind;
}

float sample_at(Coding coding, Bytes bytes, std::size_t index) {
  std::int16_t sample = 0;
  switch (coding) {
    case Coding::Ulaw: sample = decode_ulaw(octet(bytes[index])); break;
    case Coding::Alaw: sample = decode_alaw(octet(bytes[index])); break;
    case Coding::Linear:
      sample = static_cast<std::int16_t>(octet(bytes[2 * index]) | octet(bytes[2 * index + 1]) << 8);
      break;
  }
  return static_cast<float>(sample) / 32768.0F;
}

Result<Audio> decode_headerless(const Headerless& kind, Bytes bytes, const std::string& name) {
  auto intake = Intake::open(name, kind.rate, 1);
  if (!intake) return std::unexpected(intake.error());
  const std::size_t count = kind.coding == Coding::Linear ? bytes.size() / 2 : bytes.size();
  std::vector<float> block;
  for (std::size_t begin = 0; begin < count; begin += kBlockFrames) {
    block.clear();
    const std::size_t end = std::min(count, begin + static_cast<std::size_t>(kBlockFrames));
    for (std::size_t i = begin; i < end; ++i) block.push_back(sample_at(kind.coding, bytes, i));
    if (auto taken = intake->take(block); !taken) return std::unexpected(taken.error());
  }
  auto audio = intake->finish();
  if (audio) audio->source_format = kind.format;
  return audio;
}

// --- Files with a header, by libsndfile ---

struct Cursor {
  Bytes bytes;
  sf_count_t position = 0;
  sf_count_t size() const { return static_cast<sf_count_t>(bytes.size()); }
};

sf_count_t seek_in(sf_count_t offset, int whence, void* user) {
  auto& cursor = *static_cast<Cursor*>(user);
  const sf_count_t base = whence == SEEK_CUR ? cursor.position : whence == SEEK_END ? cursor.size() : 0;
  // A hostile header may ask for any offset: compared without adding.
  if (offset < -base || offset > cursor.size() - base) return -1;
  return cursor.position = base + offset;
}

sf_count_t read_from(void* target, sf_count_t count, void* user) {
  auto& cursor = *static_cast<Cursor*>(user);
  const sf_count_t length = std::clamp<sf_count_t>(count, 0, cursor.size() - cursor.position);
  if (length > 0) std::memcpy(target, cursor.bytes.data() + cursor.position, static_cast<std::size_t>(length));
  cursor.position += length;
  return length;
}

SF_VIRTUAL_IO virtual_io() {
  return {[](void* user) { return static_cast<Cursor*>(user)->size(); }, seek_in, read_from,
          [](const void*, sf_count_t, void*) -> sf_count_t { return 0; },
          [](void* user) { return static_cast<Cursor*>(user)->position; }};
}

struct CloseFile {
  void operator()(SNDFILE* file) const { sf_close(file); }
};

std::string format_text(int format) {
  SF_FORMAT_INFO major{format & SF_FORMAT_TYPEMASK, nullptr, nullptr};
  SF_FORMAT_INFO subtype{format & SF_FORMAT_SUBMASK, nullptr, nullptr};
  sf_command(nullptr, SFC_GET_FORMAT_INFO, &major, sizeof major);
  sf_command(nullptr, SFC_GET_FORMAT_INFO, &subtype, sizeof subtype);
  std::string text = major.name == nullptr ? "audio" : major.name;
  if (subtype.name != nullptr) text.append(", ").append(subtype.name);
  return text;
}

// libsndfile takes a WAV file that was cut off for a shorter one; half a message must not go out. Recorders that do not
// know the length when they begin write 0 or nearly 2 or 4 GB.
bool is_cut_off_riff(Bytes bytes) {
  if (!has_at(bytes, 0, "RIFF") || bytes.size() < 8) return false;
  std::uint64_t claimed = 0;
  for (std::size_t i = 0; i < 4; ++i) claimed |= std::uint64_t{octet(bytes[4 + i])} << (8 * i);
  constexpr std::uint64_t unknown_length = 0x7fff0000;
  constexpr std::uint64_t sloppiness = 1024;  // writers count headers and padding wrongly
  return claimed < unknown_length && claimed > bytes.size() + sloppiness;
}

Result<Audio> decode_with_header(Bytes bytes, const std::string& name) {
  if (!has_known_header(bytes)) return std::unexpected(not_audio(name, bytes));
  Cursor cursor{bytes};
  SF_VIRTUAL_IO io = virtual_io();
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, CloseFile> file(sf_open_virtual(&io, SFM_READ, &info, &cursor));
  if (file == nullptr || !is_accepted(info.format)) {
    return std::unexpected(invalid(name, std::string("is damaged, or no audio of a common kind; ").append(kAccepted)));
  }
  const Error cut_off = invalid(name, "is damaged or cut off: it ends before its header says; save or upload it again");
  if (is_cut_off_riff(bytes)) return std::unexpected(cut_off);

  auto intake = Intake::open(name, info.samplerate, info.channels);
  if (!intake) return std::unexpected(intake.error());
  std::vector<float> block(static_cast<std::size_t>(kBlockFrames * info.channels));
  for (;;) {
    const sf_count_t frames = sf_readf_float(file.get(), block.data(), kBlockFrames);
    if (frames <= 0) break;
    const std::span<const float> samples(block.data(), static_cast<std::size_t>(frames * info.channels));
    if (auto taken = intake->take(samples); !taken) return std::unexpected(taken.error());
  }
  const auto read = static_cast<sf_count_t>(intake->frames());
  const bool is_length_known = info.frames > 0 && info.frames < SF_COUNT_MAX;
  const bool is_short = is_length_known && info.frames - read > info.samplerate / kMissedPerSecond;
  if (sf_error(file.get()) != SF_ERR_NO_ERROR || is_short) return std::unexpected(cut_off);
  auto audio = intake->finish();
  if (audio) audio->source_format = format_text(info.format);
  return audio;
}

Result<std::string> read_file(const std::filesystem::path& file, const std::string& name) {
  std::error_code code;
  const auto status = std::filesystem::status(file, code);
  if (!std::filesystem::exists(status)) return fail(ErrorCode::NotFound, "there is no audio file " + name);
  if (!std::filesystem::is_regular_file(status)) return std::unexpected(invalid(name, "is not a file"));
  std::ifstream stream(file, std::ios::binary);
  const std::uintmax_t size = std::filesystem::file_size(file, code);
  // One byte beyond the limit shows that the limit is passed.
  std::string bytes(code ? 0 : std::min<std::uintmax_t>(size, kMaxAudioBytes + 1), '\0');
  if (!stream) return fail(ErrorCode::Io, "the audio file " + name + " cannot be opened");
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (stream.bad()) return fail(ErrorCode::Io, "the audio file " + name + " cannot be read");
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

std::string shown_name(std::string_view name) {
  const auto slash = name.find_last_of("/\\");
  const std::string shown = printable(slash == std::string_view::npos ? name : name.substr(slash + 1));
  return shown.empty() ? "the audio" : shown;
}

}  // namespace

Result<Audio> decode_audio(std::span<const std::byte> bytes, std::string_view name) {
  const std::string shown = shown_name(name);
  if (bytes.empty()) return std::unexpected(invalid(shown, "is empty"));
  if (bytes.size() > kMaxAudioBytes) {
    return std::unexpected(invalid(
        shown, "is larger than " + std::to_string(kMaxAudioBytes / (1024 * 1024)) + " MB; save it as FLAC or MP3"));
  }
  // A WAV file that someone renamed stays a WAV file.
  const Headerless* kind = has_at(bytes, 0, "RIFF") ? nullptr : headerless_kind(name);
  return kind != nullptr ? decode_headerless(*kind, bytes, shown) : decode_with_header(bytes, shown);
}

Result<Audio> decode_audio(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  const auto bytes = read_file(file, shown_name(name));
  if (!bytes) return std::unexpected(bytes.error());
  return decode_audio(std::as_bytes(std::span(*bytes)), name);
}

}  // namespace carillon
