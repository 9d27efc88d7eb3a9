"""Compares `text_classifier predict` with transformers' text-classification pipeline on tiny models with random weights.

Labels, probabilities and logits are the pipeline's; our distance from the model in float64 (root of the mean
square over all rows) is at most twice that of the pipeline, which computes in float32 as we do.

Made with Python 3.11, torch 2, transformers 5: python predict_check.py PROGRAM [ROWS]
"""

import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
import transformers
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer, pipeline

WORDS = "the a movie book was very good bad really not and but story é naïve 日本 über it's 😀 don ##t , . ! ?".split()


def make_folder(folder, problem, labels):
    torch.manual_seed(len(labels))
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(WORDS)]
    vocabulary += [c for c in "abcdefghijklmnopqrstuvwxyz日本'"] + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz本"]
    vocabulary = list(dict.fromkeys(vocabulary))
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    config = BertConfig(vocab_size=len(vocabulary), hidden_size=48, num_hidden_layers=2, num_attention_heads=3,
                        intermediate_size=80, max_position_embeddings=64, problem_type=problem,
                        id2label=dict(enumerate(labels)), label2id={name: i for i, name in enumerate(labels)},
                        initializer_range=0.3)
    model = BertForSequenceClassification(config).eval()
    model.save_pretrained(folder)
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return model


def texts(rng, count):
    rows = []
    for _ in range(count):
        size = rng.choice([1, 3, 8, 20, 90])  # the last is longer than the model reads
        rows.append(" ".join(rng.choice([w for w in WORDS if not w.startswith("##")]) for _ in range(size)))
    return rows


def flat(scores):
    """The pipeline nests the scores of a single text, and not those of a pair."""
    return scores[0] if isinstance(scores[0], list) else scores


def float64_logits(folder, inputs):
    model = BertForSequenceClassification.from_pretrained(folder).double().eval()
    tokenizer = BertTokenizer.from_pretrained(folder)
    texts_of = [(row["text"], row["text_pair"]) if isinstance(row, dict) else (row,) for row in inputs]
    with torch.no_grad():
        return [model(**tokenizer(*row, truncation=True, max_length=64, return_tensors="pt")).logits[0] for row in texts_of]


def compare(program, problem, labels, pairs, rng, count):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_folder(folder, problem, labels)
        first, second = texts(rng, count), texts(rng, count)
        table = folder / "rows.tsv"
        table.write_text("".join(f"{a}\t{b}\n" for a, b in zip(first, second)), encoding="utf-8")
        command = [program, "predict", "--model", name, "--input", str(table), "--logits"]
        lines = subprocess.run(command + (["--text-pair-column", "1"] if pairs else []), check=True,
                               stdout=subprocess.PIPE).stdout.decode().splitlines()
        ours = [json.loads(line) for line in lines]
        classifier = pipeline("text-classification", model=name, tokenizer=name, top_k=None, truncation=True,
                              max_length=64)
        inputs = [{"text": a, "text_pair": b} for a, b in zip(first, second)] if pairs else first
        theirs = [flat(classifier(row)) for row in inputs]
        raw = [flat(classifier(row, function_to_apply="none")) for row in inputs]
        assert len(ours) == len(theirs) == count, (len(ours), count)
        exact = float64_logits(name, inputs)
        wrong, errors = 0, {"ours": 0.0, "theirs": 0.0, "ours of probabilities": 0.0, "theirs of probabilities": 0.0}
        for row, (mine, scores, values, logits) in enumerate(zip(ours, theirs, raw, exact)):
            assert mine["text"] == first[row] and mine.get("text_pair") == (second[row] if pairs else None), mine
            expected = {item["label"]: item["score"] for item in scores}
            found = mine["probabilities"] if "probabilities" in mine else {labels[0]: mine["value"]}
            assert found.keys() == expected.keys(), (found, expected)
            by_name = {item["label"]: item["score"] for item in values}
            scale = max(1.0, logits.abs().max().item())
            true = {"single_label_classification": lambda x: x.softmax(-1), "regression": lambda x: x,
                    "multi_label_classification": torch.sigmoid}[problem](logits).tolist()
            for k, (label, logit, probability) in enumerate(zip(labels, logits.tolist(), true)):
                for who, logit_found, probability_found in (("ours", mine["logits"][k], found[label]),
                                                            ("theirs", by_name[label], expected[label])):
                    errors[who] += ((logit_found - logit) / scale) ** 2
                    key = who + " of probabilities"
                    errors[key] += (probability_found - probability) ** 2
            if problem == "single_label_classification":
                wrong += mine["label"] != max(expected, key=expected.get)
            elif problem == "multi_label_classification":
                wrong += set(mine["labels"]) != {k for k, value in expected.items() if value >= 0.5}
        errors = {who: math.sqrt(total / (count * len(labels))) for who, total in errors.items()}
        print(f"{problem}{' of pairs' if pairs else ''}: {count} rows, {wrong} other labels; root mean square errors: "
              + ", ".join(f"{who} {value:.1e}" for who, value in errors.items()))
        return wrong == 0 and all(errors["ours" + x] <= 2 * errors["theirs" + x] for x in ("", " of probabilities"))


def main():
    if not 2 <= len(sys.argv) <= 3:
        raise SystemExit(__doc__)
    transformers.utils.logging.disable_progress_bar()
    count, rng = int(sys.argv[2]) if len(sys.argv) > 2 else 100, random.Random(2)
    cases = [("single_label_classification", ["negative", "neutral", "positive"], False),
             ("single_label_classification", ["no", "yes"], True),
             ("multi_label_classification", ["sport", "food", "tech", "art"], False),
             ("regression", ["score"], True)]
    fine = [compare(sys.argv[1], *case, rng, count) for case in cases]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
