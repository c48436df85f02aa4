#include "tools/tiersim/rows.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tiersim::cli {

Rows::Rows(std::string title, std::vector<Column> columns, std::size_t indent)
    : title_(std::move(title)), columns_(std::move(columns)), indent_(indent) {
  Cells titles;
  for (const Column& c : columns_) titles.emplace_back(c.title);
  add(std::move(titles));
}

void Rows::add(Cells cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) columns_[i].width = std::max(columns_[i].width, cells[i].size());
  rows_.push_back(std::move(cells));
}

std::string Rows::text() const {
  std::string out = title_ + "\n";
  for (const Cells& cells : rows_) {
    std::string row(indent_, ' ');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto [title, width, align] = columns_[i];
      row += align == '<' ? fmt::format("{:<{}} ", cells[i], width) : fmt::format("{:>{}} ", cells[i], width);
    }
    out += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

}  // namespace tiersim::cli
