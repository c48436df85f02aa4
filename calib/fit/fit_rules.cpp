#include "calib/fit/fit_rules.hpp"

namespace tiersim::calib {

FitRules measuring_rules(double processors) {
  FitRules rules;
  rules.split = split_series;
  rules.recipe = [=](const Point& series, const Observations&) {
    return recipe_of(series.family, series.kernel, processors);
  };
  rules.held_out =
      "Laws are fitted to the training points; every third size and the largest two of a series are held out.";
  return rules;
}

}  // namespace tiersim::calib
