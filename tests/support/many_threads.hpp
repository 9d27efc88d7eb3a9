// Checks that many threads can share a tokenizer.
#pragma once

#include <cstddef>
#include <string>
#include <thread>
#include <vector>

/// Eight threads encode the lines in different orders with the tokenizer they share, and each with a copy of it.
/// @return the number of encodings that differ from those of a single thread.
template <typename Tokenizer>
std::size_t different_in_threads(const Tokenizer& tokenizer, const std::vector<std::string>& lines) {
  constexpr std::size_t kThreads = 8, kRounds = 20;
  std::vector<decltype(tokenizer.encode(lines[0]).ids)> alone;
  for (const std::string& line : lines) alone.push_back(tokenizer.encode(line).ids);
  std::vector<std::size_t> different(kThreads, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t, copy = tokenizer] {
      for (std::size_t i = 0; i < kRounds * lines.size(); ++i) {
        const std::size_t at = (i * (t + 1) + i / lines.size()) % lines.size();
        if ((i % 2 == 0 ? tokenizer : copy).encode(lines[at]).ids != alone[at]) ++different[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::size_t sum = 0;
  for (const std::size_t count : different) sum += count;
  return sum;
}
