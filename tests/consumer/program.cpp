// A user's program: a gradient by hand and by tempa, and what this build of tempa stands on.
#include <tempa/tempa.hpp>

#include <iostream>
#include <vector>

int main() {
  // loss = sum(x * x), so d loss / d x = 2 x.
  const tempa::Variable<float> x(tempa::Tensor<float>::from(std::vector<float>{1, -2, 3}, {3}), true);
  const auto loss = tempa::sum(x * x);
  loss.backward();
  if (loss.item() != 14.0f || x.grad().to_vector() != std::vector<float>{2, -4, 6}) {
    std::cerr << "wrong gradient\n";
    return 1;
  }

  std::cout << "features:";
#ifdef TEMPA_WITH_ONEDNN
  std::cout << " ONEDNN";
#endif
#ifdef TEMPA_WITH_SENTENCEPIECE
  std::cout << " SENTENCEPIECE";
#endif
#ifdef TEMPA_WITH_MECAB
  std::cout << " MECAB";
#endif
#ifdef _OPENMP
  std::cout << " OPENMP";
#endif
  std::cout << '\n';
  return 0;
}
