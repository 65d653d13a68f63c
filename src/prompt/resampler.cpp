#include "prompt/resampler.h"

#include <soxr.h>

#include <array>
#include <string>

#include "prompt/audio.h"

namespace carillon {
namespace {

constexpr std::size_t kBlock = 4096;

}  // namespace

void Resampler::Close::operator()(soxr* resampler) const { soxr_delete(resampler); }

Result<Resampler> Resampler::open(int from_rate, int to_rate) {
  Resampler resampler;
  if (from_rate == to_rate) return resampler;
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  soxr_error_t error = nullptr;
  resampler.resampler_.reset(soxr_create(from_rate, to_rate, 1, &error, nullptr, &quality, nullptr));
  if (error != nullptr || resampler.resampler_ == nullptr) {
    return fail(ErrorCode::Internal, std::string("the resampler could not be opened: ") + soxr_strerror(error));
  }
  return resampler;
}

Result<void> Resampler::take(std::span<const float> mono) {
  if (mono.empty()) return {};
  return process(mono.data(), mono.size());
}

Result<void> Resampler::finish() { return process(nullptr, 0); }

// Null for the end of the input.
Result<void> Resampler::process(const float* mono, std::size_t count) {
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

Result<std::vector<float>> upsampled(std::span<const float> samples) {
  auto resampler = Resampler::open(kTelephoneRate, kWideRate);
  if (!resampler) return std::unexpected(resampler.error());
  if (auto taken = resampler->take(samples); !taken) return std::unexpected(taken.error());
  if (auto done = resampler->finish(); !done) return std::unexpected(done.error());
  resampler->samples().resize(samples.size() * 2);
  return std::move(resampler->samples());
}

}  // namespace carillon
