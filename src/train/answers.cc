#include "train/answers.h"

#include "base/check.h"
#include "model/hits.h"

namespace ringmaster::train {
namespace {

// An answer as one integer above 0: | target | predicted + 1 | top5 | 1 |.
constexpr int kTop5Bit = 1, kPredictedBit = 2, kTargetBit = 32;
constexpr std::int64_t kSeen = 1, kPredictedMask = (std::int64_t{1} << 30) - 1;

std::int64_t encode(const Answer& answer) {
  return answer.target << kTargetBit | (answer.predicted + 1) << kPredictedBit |
         std::int64_t{answer.top5} << kTop5Bit | kSeen;
}

Answer decode(std::int64_t code) {
  Answer answer;
  answer.target = code >> kTargetBit;
  answer.predicted = (code >> kPredictedBit & kPredictedMask) - 1;
  answer.top5 = (code >> kTop5Bit & 1) != 0;
  return answer;
}

}  // namespace

AnswerSheet::AnswerSheet(std::int64_t samples) : codes_(static_cast<std::size_t>(samples)) {}

void AnswerSheet::add(const std::vector<std::int64_t>& sample_ids, const at::Tensor& logits,
                      const at::Tensor& targets) {
  const std::int64_t classes = logits.size(1);
  const at::Tensor ranks = model::ranks_of_targets(logits, targets).cpu();
  const at::Tensor predicted = model::predictions(logits).cpu(), truth = targets.cpu();
  for (std::size_t i = 0; i < sample_ids.size(); ++i) {
    const std::int64_t rank = ranks.const_data_ptr<std::int64_t>()[i];
    const Answer answer{truth.const_data_ptr<std::int64_t>()[i],
                        predicted.const_data_ptr<std::int64_t>()[i], rank < 5 && rank < classes};
    codes_[static_cast<std::size_t>(sample_ids[i])] = encode(answer);
  }
}

std::vector<Answer> AnswerSheet::gather(comm::ControlPlane& control, Deadline deadline) {
  control.all_sum(std::span<std::int64_t>(codes_), deadline);
  std::vector<Answer> answers;
  for (const std::int64_t code : codes_) {
    RM_CHECK(code > 0, "an image without an answer");
    answers.push_back(decode(code));
  }
  return answers;
}

}  // namespace ringmaster::train
