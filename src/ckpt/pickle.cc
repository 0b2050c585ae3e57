#include "ckpt/pickle.h"

#include <bit>
#include <unordered_map>

#include "base/check.h"
#include "ckpt/byte_cursor.h"

namespace ringmaster::ckpt {

using Kind = PickleValue::Kind;

const PickleValue* PickleValue::find(std::string_view key) const {
  if (kind != Kind::kDict) return nullptr;
  for (std::size_t i = items.size(); i >= 2; i -= 2) {
    if (items[i - 2]->kind == Kind::kText && items[i - 2]->text == key) return items[i - 1];
  }
  return nullptr;
}

// The stack machine that a pickle is a program for.
class PickleMachine {
 public:
  PickleMachine(std::span<const std::byte> bytes, const std::string& path,
                std::deque<PickleValue>& values)
      : code_(bytes, path), path_(path), values_(values) {}

  const PickleValue* run() {
    for (;;) {
      const std::uint8_t opcode = code_.u8();
      if (opcode == '.') return pop();
      const bool known = push_constant(opcode) || group(opcode) || fill(opcode) ||
                         make_object(opcode) || use_memo(opcode);
      RM_REQUIRE(known, ErrorKind::kBadData, path_, ": opcode ", int{opcode},
                 " of its pickle is not one that torch.save writes");
    }
  }

 private:
  // Each does what its opcodes ask for, and returns false for all others.
  bool push_constant(std::uint8_t opcode);
  bool group(std::uint8_t opcode);
  bool fill(std::uint8_t opcode);
  bool make_object(std::uint8_t opcode);
  bool use_memo(std::uint8_t opcode);

  PickleValue& push(Kind kind) {
    PickleValue& value = values_.emplace_back();
    value.kind = kind;
    stack_.push_back(&value);
    return value;
  }
  void push_integer(std::int64_t integer, Kind kind = Kind::kInteger) {
    push(kind).integer = integer;
  }
  void push_text(std::size_t size_bytes, Kind kind) {
    const auto bytes = code_.take(size_bytes);
    push(kind).text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void push_long(std::size_t size_bytes);
  void push_global();
  [[nodiscard]] std::string line();

  PickleValue* pop();  // never below the last mark
  [[nodiscard]] std::vector<const PickleValue*> pop_items();
  // To the list or dict on top.
  void append_to(Kind kind, const std::vector<const PickleValue*>& items);
  void push_tuple(std::size_t count);
  void push_call();

  ByteCursor code_;
  const std::string& path_;
  std::deque<PickleValue>& values_;
  std::vector<PickleValue*> stack_;
  std::vector<std::size_t> marks_;  // heights of the stack
  std::unordered_map<std::uint32_t, PickleValue*> memo_;
};

PickleValue* PickleMachine::pop() {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  RM_REQUIRE(stack_.size() > floor, ErrorKind::kBadData, path_,
             " is damaged: its pickle takes more values than it made");
  PickleValue* const value = stack_.back();
  stack_.pop_back();
  return value;
}

std::vector<const PickleValue*> PickleMachine::pop_items() {
  RM_REQUIRE(!marks_.empty(), ErrorKind::kBadData, path_,
             " is damaged: its pickle ends a group that it never began");
  const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<const PickleValue*> items(first, stack_.end());
  stack_.erase(first, stack_.end());
  marks_.pop_back();
  return items;
}

void PickleMachine::append_to(Kind kind, const std::vector<const PickleValue*>& items) {
  PickleValue* const container = pop();
  stack_.push_back(container);
  RM_REQUIRE(container->kind == kind && (kind == Kind::kList || items.size() % 2 == 0),
             ErrorKind::kBadData, path_, " is damaged: its pickle fills a list or dict wrongly");
  container->items.insert(container->items.end(), items.begin(), items.end());
}

void PickleMachine::push_long(std::size_t size_bytes) {
  const auto bytes = code_.take(size_bytes);
  if (size_bytes > sizeof(std::int64_t)) {
    push(Kind::kOpaque);
    return;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size_bytes; ++i)
    value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  const bool negative = size_bytes > 0 && (bytes.back() & std::byte{0x80}) != std::byte{0};
  if (negative && size_bytes < sizeof(value)) value |= ~std::uint64_t{0} << (8 * size_bytes);
  push_integer(static_cast<std::int64_t>(value));
}

std::string PickleMachine::line() {
  std::string text;
  for (char c = static_cast<char>(code_.u8()); c != '\n'; c = static_cast<char>(code_.u8()))
    text += c;
  return text;
}

void PickleMachine::push_global() {
  const std::string module = line();
  push(Kind::kGlobal).text = module + " " + line();
}

bool PickleMachine::push_constant(std::uint8_t opcode) {
  switch (opcode) {
    case 'N':
      push(Kind::kNone);
      return true;
    case 0x88:
    case 0x89:
      push_integer(opcode == 0x88 ? 1 : 0, Kind::kBool);
      return true;
    case 'K':
      push_integer(code_.u8());
      return true;
    case 'M':
      push_integer(code_.u16());
      return true;
    case 'J':
      push_integer(static_cast<std::int32_t>(code_.u32()));
      return true;
    case 0x8a:
      push_long(code_.u8());
      return true;
    case 'G': {
      std::uint64_t bits = 0;  // the one big-endian field
      for (int i = 0; i < 8; ++i) bits = bits << 8 | code_.u8();
      push(Kind::kReal).real = std::bit_cast<double>(bits);
      return true;
    }
    case 'X':
      push_text(code_.u32(), Kind::kText);
      return true;
    case 'U':
      push_text(code_.u8(), Kind::kOpaque);
      return true;
    case 'c':
      push_global();
      return true;
    default:
      return false;
  }
}

void PickleMachine::push_tuple(std::size_t count) {
  std::vector<const PickleValue*> items(count);
  for (std::size_t i = count; i-- > 0;) items[i] = pop();
  push(Kind::kTuple).items = std::move(items);
}

void PickleMachine::push_call() {
  const PickleValue* const arguments = pop();
  const PickleValue* const called = pop();
  if (called->kind == Kind::kGlobal && called->text == "collections OrderedDict") {
    push(Kind::kDict);
  } else {
    push(Kind::kCall).items = {called, arguments};
  }
}

bool PickleMachine::group(std::uint8_t opcode) {
  switch (opcode) {
    case '(':
      marks_.push_back(stack_.size());
      return true;
    case ')':
      push(Kind::kTuple);
      return true;
    case ']':
      push(Kind::kList);
      return true;
    case '}':
      push(Kind::kDict);
      return true;
    case 0x85:
    case 0x86:
    case 0x87:
      push_tuple(static_cast<std::size_t>(opcode - 0x84));
      return true;
    case 't': {
      auto items = pop_items();
      push(Kind::kTuple).items = std::move(items);
      return true;
    }
    default:
      return false;
  }
}

bool PickleMachine::fill(std::uint8_t opcode) {
  switch (opcode) {
    case 'a':
      append_to(Kind::kList, {pop()});
      return true;
    case 'e':
      append_to(Kind::kList, pop_items());
      return true;
    case 's': {
      const PickleValue* const value = pop();
      append_to(Kind::kDict, {pop(), value});
      return true;
    }
    case 'u':
      append_to(Kind::kDict, pop_items());
      return true;
    default:
      return false;
  }
}

bool PickleMachine::make_object(std::uint8_t opcode) {
  switch (opcode) {
    case 0x80:  // the protocol's number
      code_.skip(1);
      return true;
    case 'R':
    case 0x81:
      push_call();
      return true;
    case 'b':  // an object's state, such as the version numbers that a state dict carries
      (void)pop();
      return true;
    case 'Q': {
      const PickleValue* const id = pop();
      push(Kind::kPersistent).items = {id};
      return true;
    }
    default:
      return false;
  }
}

bool PickleMachine::use_memo(std::uint8_t opcode) {
  switch (opcode) {
    case 'q':
    case 'r': {
      const std::uint32_t index = opcode == 'q' ? code_.u8() : code_.u32();
      PickleValue* const value = pop();
      stack_.push_back(value);
      memo_[index] = value;
      return true;
    }
    case 'h':
    case 'j': {
      const auto found = memo_.find(opcode == 'h' ? code_.u8() : code_.u32());
      RM_REQUIRE(found != memo_.end(), ErrorKind::kBadData, path_,
                 " is damaged: its pickle refers to a value that it never made");
      stack_.push_back(found->second);
      return true;
    }
    default:
      return false;
  }
}

Pickle::Pickle(std::span<const std::byte> bytes, const std::string& path)
    : root_(PickleMachine(bytes, path, values_).run()) {}

}  // namespace ringmaster::ckpt
