#include "config/key.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "base/check.h"
#include "config/nearest.h"
#include "config/value.h"

namespace ringmaster::config {
namespace {

std::string to_text(bool value) {
  return format_bool(value);
}
std::string to_text(std::int64_t value) {
  return std::to_string(value);
}
std::string to_text(double value) {
  return format_real(value);
}
std::string to_text(const std::string& value) {
  return value;
}
std::string to_text(const std::vector<std::string>& value) {
  return join_list(value);
}
std::string to_text(const std::vector<std::int64_t>& value) {
  std::vector<std::string> items;
  for (const std::int64_t item : value) items.push_back(to_text(item));
  return join_list(items);
}

template <typename Value>
bool store(const std::optional<Value>& parsed, Value& target) {
  if (parsed) target = *parsed;
  return parsed.has_value();
}

bool from_text(const std::string& text, bool& value) {
  return store(parse_bool(text), value);
}
bool from_text(const std::string& text, std::int64_t& value) {
  return store(parse_integer(text), value);
}
bool from_text(const std::string& text, double& value) {
  return store(parse_real(text), value);
}
bool from_text(const std::string& text, std::string& value) {
  value = text;
  return true;
}
bool from_text(const std::string& text, std::vector<std::string>& value) {
  value = split_list(text);
  // An empty element ("a,,b") is a slip, and join_list() could not write it down again.
  return std::find(value.begin(), value.end(), "") == value.end();
}
bool from_text(const std::string& text, std::vector<std::int64_t>& value) {
  value.clear();
  for (const std::string& item : split_list(text)) {
    if (!from_text(item, value.emplace_back())) return false;
  }
  return true;
}

std::string type_text(const Target& target) {
  static constexpr const char* kNames[] = {
      "true or false", "an integer",          "a number",
      "text",          "a list, as in a,b,c", "a list of integers, as in 1,2,3"};
  return kNames[target.index()];
}

using Allowed = std::function<bool(double)>;

// Whether every number that the target holds is allowed; a check on text is our own bug.
bool all_are(const Target& target, const Allowed& allowed) {
  return std::visit(
      [&](const auto* value) {
        using Value = std::remove_cvref_t<decltype(*value)>;
        if constexpr (std::is_same_v<Value, std::int64_t> || std::is_same_v<Value, double>) {
          return allowed(static_cast<double>(*value));
        } else if constexpr (std::is_same_v<Value, std::vector<std::int64_t>>) {
          return std::all_of(value->begin(), value->end(),
                             [&](std::int64_t item) { return allowed(static_cast<double>(item)); });
        } else {
          RM_CHECK(false, "bounds were declared for a key that is no number");
          return false;
        }
      },
      target);
}

Trait numbers(std::string text, Allowed allowed) {
  return [text = std::move(text), allowed = std::move(allowed)](Key& key) {
    key.checks.push_back(
        {text, [allowed](const Target& target) { return all_are(target, allowed); }});
  };
}

// What must each be one of the choices.
std::vector<std::string> words_of(const Key& key, const std::string& text) {
  if (std::holds_alternative<std::vector<std::string>*>(key.target)) return split_list(text);
  return {text};
}

[[noreturn]] void refuse(const Key& key, const std::string& text, const std::string& origin,
                         const std::string& hint) {
  throw Error(ErrorKind::kInvalidArgument,
              join_text(origin, ": ", key.name, " takes ", allowed_values(key), ", not '", text,
                        "'", hint));
}

}  // namespace

Trait at_least(double low) {
  return numbers("from " + format_real(low), [=](double value) { return value >= low; });
}
Trait above(double low) {
  return numbers("above " + format_real(low), [=](double value) { return value > low; });
}
Trait zero_or_at_least(double low) {
  return numbers("0 or from " + format_real(low),
                 [=](double value) { return value == 0 || value >= low; });
}
Trait in_range(double low, double high) {
  return numbers("from " + format_real(low) + " to " + format_real(high),
                 [=](double value) { return value >= low && value <= high; });
}
Trait one_of(std::vector<std::string> names) {
  return [names = std::move(names)](Key& key) { key.choices = names; };
}
Trait unit(std::string name) {
  return [name = std::move(name)](Key& key) { key.unit = name; };
}
Trait alias(std::string name) {
  return [name = std::move(name)](Key& key) { key.aliases.push_back(name); };
}
Trait required() {
  return [](Key& key) { key.required = true; };
}
Trait flag() {
  return [](Key& key) { key.flag = true; };
}
Trait positional() {
  return [](Key& key) { key.positional = true; };
}
Trait unrecorded() {
  return [](Key& key) { key.recorded = false; };
}
Trait config_file() {
  return [](Key& key) {
    key.config_file = true;
    key.recorded = false;
  };
}

std::string value_text(const Key& key) {
  return std::visit([](const auto* value) { return to_text(*value); }, key.target);
}

void parse_into(Key& key, const std::string& text, const std::string& origin) {
  const bool well_formed =
      std::visit([&](auto* value) { return from_text(text, *value); }, key.target);
  if (!well_formed) refuse(key, text, origin, "");
  if (!key.choices.empty()) {
    for (const std::string& word : words_of(key, text)) {
      if (std::find(key.choices.begin(), key.choices.end(), word) == key.choices.end())
        refuse(key, word, origin, "; did you mean '" + nearest(word, key.choices) + "'?");
    }
  }
  for (const Check& check : key.checks) {
    if (!check.holds(key.target)) refuse(key, text, origin, "");
  }
  key.origin = origin;
}

std::string allowed_values(const Key& key) {
  std::string text = type_text(key.target);
  if (!key.choices.empty()) {
    const bool list = std::holds_alternative<std::vector<std::string>*>(key.target);
    text = list ? "a list of " : "one of ";
    for (const std::string& choice : key.choices)
      text += (&choice == &key.choices.front() ? "" : ", ") + choice;
  }
  for (const Check& check : key.checks) text += " " + check.allowed;
  if (!key.unit.empty()) text += " (" + key.unit + ")";
  return text;
}

}  // namespace ringmaster::config
