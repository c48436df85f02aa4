#pragma once
/// Robust measures of residuals, shared by the fits. Pure functions; O(n) a pass.
#include <vector>

namespace tiersim::calib {

/// Huber's loss of a standardised residual and its weight in reweighted least squares (delta = 1.345).
[[nodiscard]] double huber_loss(double z);
[[nodiscard]] double huber_weight(double z);

/// Standard deviation from the median absolute deviation about zero; at least 1e-6.
[[nodiscard]] double sigma_of(const std::vector<double>& residuals);

/// The s for which min(r^2, 4 s^2) averages to what a normal distribution of standard deviation s gives: the size of
/// the residuals, whatever up to a fifth of them do. Compares models (Rousseeuw and Yohai's S-estimate). At least 1e-6.
[[nodiscard]] double robust_scale(const std::vector<double>& residuals);

}  // namespace tiersim::calib
