#include "config/config_text.h"

#include <algorithm>

#include "base/check.h"
#include "config/value.h"

namespace ringmaster::config {
namespace {

[[noreturn]] void refuse_line(const std::string& origin, const std::string& problem) {
  throw Error(ErrorKind::kInvalidArgument, join_text(origin, ": ", problem));
}

// From the opening quote of `text` to the closing one; only a comment may follow.
std::string unquote(std::string_view text, const std::string& origin) {
  std::string value;
  std::size_t at = 1;
  for (; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] != '\\') {
      value += text[at];
      continue;
    }
    static constexpr std::string_view kCodes = "\"\\nt", kMeanings = "\"\\\n\t";
    const auto code = ++at < text.size() ? kCodes.find(text[at]) : std::string_view::npos;
    if (code == std::string_view::npos) refuse_line(origin, R"(after \ stands one of " \ n t)");
    value += kMeanings[code];
  }
  if (at >= text.size()) refuse_line(origin, "the closing \" is missing");
  const std::string_view rest = trim(text.substr(at + 1));
  if (!rest.empty() && rest.front() != '#')
    refuse_line(origin, join_text("'", rest, "' after the closing \""));
  return value;
}

// A comment begins at a # that begins the text or follows a blank, so that a#b is a value.
std::string_view without_comment(std::string_view text) {
  for (std::size_t at = text.find('#'); at != std::string_view::npos; at = text.find('#', at + 1)) {
    if (at == 0 || text[at - 1] == ' ' || text[at - 1] == '\t') return trim(text.substr(0, at));
  }
  return trim(text);
}

const Assignment* find(const std::vector<Assignment>& assignments, const std::string& key) {
  const auto found = std::find_if(assignments.begin(), assignments.end(),
                                  [&](const Assignment& one) { return one.key == key; });
  return found == assignments.end() ? nullptr : &*found;
}

}  // namespace

std::vector<Assignment> parse_config_text(std::string_view text, const std::string& name) {
  std::vector<Assignment> assignments;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;

    const std::string origin = join_text(name, ":", number);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
      refuse_line(origin, join_text("'", line, "' is not of the form key = value"));
    const std::string_view key = trim(line.substr(0, equals));
    if (key.empty()) refuse_line(origin, "there is no key before the =");
    const std::string_view value = trim(line.substr(equals + 1));
    assignments.push_back(
        {std::string(key),
         value.starts_with('"') ? unquote(value, origin) : std::string(without_comment(value)),
         origin});
  }
  return assignments;
}

std::string quote_value(const std::string& value) {
  const bool plain = !value.empty() && value.find_first_of("#\"\\\n\r") == std::string::npos &&
                     trim(value).size() == value.size();
  if (plain) return value;
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
  }
  return quoted + '"';
}

std::vector<Difference> diff(const std::vector<Assignment>& before,
                             const std::vector<Assignment>& after) {
  std::vector<Difference> differences;
  for (const Assignment& old : before) {
    const Assignment* now = find(after, old.key);
    if (now == nullptr) {
      differences.push_back({old.key, old.value, std::nullopt});
    } else if (now->value != old.value) {
      differences.push_back({old.key, old.value, now->value});
    }
  }
  for (const Assignment& now : after) {
    if (find(before, now.key) == nullptr) differences.push_back({now.key, std::nullopt, now.value});
  }
  return differences;
}

std::string diff_text(const std::vector<Difference>& differences) {
  std::string text;
  for (const Difference& one : differences) {
    text += join_text(text.empty() ? "" : "\n", one.key, ": ", one.before.value_or("(not set)"),
                      " -> ", one.after.value_or("(not set)"));
  }
  return text;
}

}  // namespace ringmaster::config
