// Mono samples from one rate to another, piece by piece. Owned by who feeds it; any one thread.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

struct soxr;

namespace carillon {

class Resampler {
 public:
  static Result<Resampler> open(int from_rate, int to_rate);

  Result<void> take(std::span<const float> mono);
  // After the last sample. The samples at the new rate, which the caller may move away.
  Result<void> finish();
  std::vector<float>& samples() { return samples_; }

 private:
  struct Close {
    void operator()(soxr* resampler) const;
  };

  Result<void> process(const float* mono, std::size_t count);

  std::vector<float> samples_;
  std::unique_ptr<soxr, Close> resampler_;  // none if both rates are the same
};

// Samples at 8000 Hz as twice as many at 16000 Hz.
Result<std::vector<float>> upsampled(std::span<const float> samples);

}  // namespace carillon
