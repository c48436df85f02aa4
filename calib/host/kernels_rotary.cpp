// Rotary position embedding (Su et al., 2021): pairs (i, i + head_dim / 2) of a head turn by position times a frequency
// of their own. Cosines and sines are computed for the first position of a thread's part and carried on from token to
// token by the sum formulas, in double, once for all heads of a token.
#include <Eigen/Core>

#include <cmath>
#include <numbers>

#include "calib/host/kernels.hpp"
#include "calib/host/parts.hpp"

namespace tiersim::calib {
namespace {

constexpr double kBase = 10'000.0;  // wavelengths from 2 pi to nearly 2 pi times this, as in the paper

/// Cosines and sines of the angles at one position, one a pair of a head.
class Turns {
 public:
  void prepare(std::int64_t pairs) {
    if (frequencies_.size() == pairs) return;
    frequencies_.resize(pairs);
    for (Eigen::Index i = 0; i < pairs; ++i) {
      frequencies_[i] = std::pow(kBase, -static_cast<double>(i) / static_cast<double>(pairs));
    }
    step_cosines_ = frequencies_.cos();
    step_sines_ = frequencies_.sin();
  }
  /// The angles are reduced in double, since fp32 has no digits left for them far into a context.
  void start(std::int64_t position) {
    constexpr double kTurn = 2.0 * std::numbers::pi;
    turns_ = frequencies_ * (static_cast<double>(position) / kTurn);
    angles_ = ((turns_ - turns_.floor()) * kTurn).cast<float>();
    cosines_ = angles_.cos().cast<double>();
    sines_ = angles_.sin().cast<double>();
    round();
  }
  void advance() {
    turns_ = cosines_ * step_cosines_ - sines_ * step_sines_;
    sines_ = sines_ * step_cosines_ + cosines_ * step_sines_;
    cosines_.swap(turns_);
    round();
  }
  void apply(float* head) const {
    const Eigen::Index pairs = cosines32_.size();
    const float *cosines = cosines32_.data(), *sines = sines32_.data();
    for (Eigen::Index i = 0; i < pairs; ++i) {
      const float left = head[i], right = head[i + pairs];
      head[i] = left * cosines[i] - right * sines[i];
      head[i + pairs] = right * cosines[i] + left * sines[i];
    }
  }

 private:
  void round() {
    cosines32_ = cosines_.cast<float>();
    sines32_ = sines_.cast<float>();
  }

  Eigen::ArrayXd frequencies_, step_cosines_, step_sines_;  // of one position further
  Eigen::ArrayXd cosines_, sines_, turns_;
  Eigen::ArrayXf angles_, cosines32_, sines32_;
};

}  // namespace

void rotary(Team& team, std::int64_t tokens, std::int64_t heads, std::int64_t head_dim, std::int64_t first_position,
            float* x) {
  in_parts(team, tokens, row_grain(heads * head_dim), [=](std::int64_t begin, std::int64_t end) {
    thread_local Turns turns;
    turns.prepare(head_dim / 2);
    turns.start(first_position + begin);
    for (std::int64_t token = begin; token < end; ++token) {
      if (token > begin) turns.advance();
      for (std::int64_t head = 0; head < heads; ++head) turns.apply(x + (token * heads + head) * head_dim);
    }
  });
}

}  // namespace tiersim::calib
