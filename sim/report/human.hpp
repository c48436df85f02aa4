#pragma once
/// Numbers as a person reads them at a glance: three digits that count, a unit that fits, thousands set apart.
///
/// Called by the table and the verdicts; files for machines have full precision instead. Pure functions.
#include <cstdint>
#include <string>

#include "sim/core/units.hpp"

namespace tiersim::human {

[[nodiscard]] std::string grouped(std::int64_t n);     ///< "12,031"
[[nodiscard]] std::string count(double n);             ///< a metric that counts: 12031.0 is "12,031"
[[nodiscard]] std::string number(double x);            ///< "2.31", "24.1", "412", "12,031"
[[nodiscard]] std::string prefixed(double x);          ///< "5.50 T", "412 M", "24.1"; a unit can follow
[[nodiscard]] std::string duration(double seconds);    ///< "412 ms", "1.02 s", "850 us", "0 s"
[[nodiscard]] std::string long_time(double seconds);   ///< "58.9 min", "7.02 h"; a duration below two minutes
[[nodiscard]] std::string bytes(double bytes);         ///< "4.10 TB", decimal: what is moved
[[nodiscard]] std::string energy(double joules);       ///< "1.93 MJ"
[[nodiscard]] std::string power(double watts);         ///< "700 W", "10.2 kW"
[[nodiscard]] std::string capacity(Bytes size);        ///< "65.7 GiB", binary: what memories hold
[[nodiscard]] std::string share(double share);         ///< 0.361 is "36.1%"; "<0.1%" for what is not quite nothing
[[nodiscard]] std::string coarse_share(double share);  ///< 0.361 is "36%"; "<1%" for what is not quite nothing
/// "1 request", "12,031 requests".
[[nodiscard]] std::string counted(std::int64_t n, const std::string& noun);

}  // namespace tiersim::human
