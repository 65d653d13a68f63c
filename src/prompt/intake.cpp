#include "prompt/intake.h"

#include <soxr.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace carillon {
namespace {

constexpr int kMinRate = 4000;
constexpr int kMaxRate = 192000;
constexpr int kMaxChannels = 8;
constexpr std::size_t kBlock = 4096;
// 16 bits at full scale; 8 bits and compressed formats that reach it are beyond.
constexpr float kClipped = 32767.0F / 32768.0F;
// Floating-point files may hold more than full scale, even 16-bit numbers as they are; beyond this it is no audio.
constexpr float kAbsurd = 1e6F;
constexpr float kSilent = 0.001F;  // -60 dBFS

Error invalid(const std::string& name, const std::string& what) {
  return Error(ErrorCode::AudioInvalid, name + " " + what);
}

// Half the distance between the highest and the lowest sample: a constant offset is silence too.
float swing_of(std::span<const float> samples) {
  if (samples.empty()) return 0;
  const auto [lowest, highest] = std::ranges::minmax(samples);
  return (highest - lowest) / 2;
}

}  // namespace

void Intake::CloseResampler::operator()(soxr* resampler) const { soxr_delete(resampler); }

Intake::Intake(std::string name, int rate, int channels) : name_(std::move(name)), rate_(rate), channels_(channels) {}

Result<Intake> Intake::open(std::string name, int rate, int channels) {
  if (rate < kMinRate || rate > kMaxRate) {
    return std::unexpected(invalid(name, "has a sample rate of " + std::to_string(rate) + " Hz; " +
                                             std::to_string(kMinRate) + " to " + std::to_string(kMaxRate) +
                                             " Hz are accepted"));
  }
  if (channels < 1 || channels > kMaxChannels) {
    return std::unexpected(invalid(name, "has " + std::to_string(channels) + " channels; up to " +
                                             std::to_string(kMaxChannels) + " are accepted"));
  }
  Intake intake(std::move(name), rate, channels);
  if (rate != kTelephoneRate) {
    const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_error_t error = nullptr;
    intake.resampler_.reset(soxr_create(rate, kTelephoneRate, 1, &error, nullptr, &quality, nullptr));
    if (error != nullptr || intake.resampler_ == nullptr) {
      return fail(ErrorCode::Internal, std::string("the resampler could not be opened: ") + soxr_strerror(error));
    }
  }
  return intake;
}

Result<void> Intake::take(std::span<const float> interleaved) {
  const auto channels = static_cast<std::size_t>(channels_);
  mono_.clear();
  for (std::size_t frame = 0; frame + channels <= interleaved.size(); frame += channels) {
    float sum = 0;
    for (const float sample : interleaved.subspan(frame, channels)) {
      // Written so that NaN fails it.
      if (!(std::fabs(sample) < kAbsurd)) {
        return std::unexpected(invalid(name_, "is damaged: it has samples that are no numbers, or absurd ones"));
      }
      if (std::fabs(sample) >= kClipped) ++clipped_;
      source_peak_ = std::max(source_peak_, std::fabs(sample));
      sum += sample;
    }
    mono_.push_back(sum / static_cast<float>(channels_));
  }
  frames_ += mono_.size();
  if (frames_ > static_cast<std::uint64_t>(rate_) * static_cast<std::uint64_t>(kMaxAudioDuration.count()) / 1000) {
    return std::unexpected(invalid(name_, "is longer than " + to_words(kMaxAudioDuration)));
  }
  return resample(mono_.data(), mono_.size());
}

// Null for the end of the input.
Result<void> Intake::resample(const float* mono, std::size_t count) {
  if (resampler_ == nullptr) {
    if (mono != nullptr) samples_.insert(samples_.end(), mono, mono + count);
    return {};
  }
  std::array<float, kBlock> block{};
  for (;;) {
    std::size_t used = 0;
    std::size_t made = 0;
    const soxr_error_t error = soxr_process(resampler_.get(), mono, count, &used, block.data(), block.size(), &made);
    if (error != nullptr) {
      return fail(ErrorCode::Internal, std::string("the resampler failed: ") + soxr_strerror(error));
    }
    samples_.insert(samples_.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(made));
    if (mono != nullptr) mono += used;
    count -= used;
    if (count == 0 && made < block.size()) return {};
  }
}

Result<Audio> Intake::finish() {
  if (frames_ == 0) return std::unexpected(invalid(name_, "has no audio in it, or is damaged"));
  const auto source_ms = static_cast<Duration::rep>(frames_ * 1000 / static_cast<std::uint64_t>(rate_));
  if (Duration(source_ms) < kMinAudioDuration) {
    return std::unexpected(invalid(name_, "is only " + to_words(Duration(source_ms)) + " long; at least " +
                                              to_words(kMinAudioDuration) + " are needed"));
  }
  if (auto flushed = resample(nullptr, 0); !flushed) return std::unexpected(flushed.error());
  if (swing_of(samples_) < kSilent) {
    return std::unexpected(invalid(name_, source_peak_ < kSilent ? "is silent all through"
                                                                 : "is silent once its channels are mixed to one, or "
                                                                   "has nothing that a telephone can carry"));
  }
  Audio audio;
  audio.source_rate = rate_;
  audio.source_channels = channels_;
  audio.clipped_samples = clipped_;
  audio.samples = std::move(samples_);
  audio.peak_dbfs = peak_dbfs_of(audio.samples);
  audio.loudness_lufs = loudness_of(audio.samples);
  return audio;
}

}  // namespace carillon
