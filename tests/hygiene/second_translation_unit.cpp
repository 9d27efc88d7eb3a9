#include <tempa/tempa.hpp>

#include <string>

const void* address_of_default_generator();
tempa::Variable<float> compiled_once(const tempa::Variable<float>& x, const std::string& file);

const void* address_of_default_generator() { return &tempa::default_generator(); }

// What `compiled_once` looks for: an operation, a model and a reader.
tempa::Variable<float> compiled_once(const tempa::Variable<float>& x, const std::string& file) {
  tempa::BertForSequenceClassification<float> model;
  model.load_state_dict(tempa::load_safetensors(file));
  return tempa::gelu(x);
}
