// Keys, each declared once: from the declaration come the command-line flag, the line of a
// configuration file, the help text, the startup table, the recorded copy and the JSON of it.
//
//   Options options;                       // plain struct, its initialisers are the defaults
//   Declarations keys;
//   keys.group("optimisation");
//   keys.add("max_lr", &options.max_lr, "Peak learning rate.", {above(0)});
//   keys.add("json", &options.json, "Print JSON.", {flag(), unrecorded()});
//   parse(keys, arguments, files);         // parse.h
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/key.h"

namespace ringmaster::config {

// One thread. What the targets point to must outlive it.
class Declarations {
 public:
  // Heading of the keys that follow, in the help text and the recorded copy.
  void group(std::string heading);

  // `name` is snake_case and new. The target's present value is the default. A wrong declaration
  // is Error{kInternal}.
  void add(std::string name, Target target, std::string help,
           const std::vector<Trait>& traits = {});

  // In the order of declaration.
  [[nodiscard]] const std::vector<Key>& keys() const { return keys_; }
  [[nodiscard]] std::vector<Key>& keys() { return keys_; }

  // By name or alias; null where there is none.
  [[nodiscard]] Key* find(std::string_view name);
  [[nodiscard]] const Key* find(std::string_view name) const;

  // By name or alias. Error{kInvalidArgument} that names the nearest key and `origin` (the command
  // line or FILE:LINE) where there is none.
  [[nodiscard]] Key& at(const std::string& name, const std::string& origin);

 private:
  std::string group_;
  std::vector<Key> keys_;
};

}  // namespace ringmaster::config
