"""What the comparisons share: configurations, batches, the C++ program, errors and their limits."""

import json
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertForSequenceClassification

LOGITS_LIMIT, GRADIENT_LIMIT, LOSS_LIMIT = 1e-5, 1e-4, 1e-4

SMALL = dict(vocab_size=8000, hidden_size=128, num_hidden_layers=2, num_attention_heads=4, intermediate_size=512,
             max_position_embeddings=128, num_labels=3)
BASE = dict(num_labels=3)  # BertConfig's own sizes: BERT-base
# Three odd ones; the vocabulary file has 8000 tokens, all embeddings are larger. Their weights are as large as gives rows
# of unit size in BERT-base, so that attention and activations are far from linear.
ODD = {
    "odd_head24_relu": dict(vocab_size=9001, hidden_size=72, num_hidden_layers=3, num_attention_heads=3,
                            intermediate_size=100, hidden_act="relu", type_vocab_size=1, max_position_embeddings=77,
                            num_labels=5, layer_norm_eps=1e-5, initializer_range=0.1),
    "odd_regression_gelu_new": dict(vocab_size=8003, hidden_size=40, num_hidden_layers=2, num_attention_heads=5,
                                    intermediate_size=333, hidden_act="gelu_new", max_position_embeddings=128,
                                    num_labels=1, initializer_range=0.1),
    "odd_multi_label": dict(vocab_size=8111, hidden_size=66, num_hidden_layers=4, num_attention_heads=3,
                            intermediate_size=31, type_vocab_size=3, max_position_embeddings=200, num_labels=4,
                            classifier_dropout=0.3, initializer_range=0.1, problem_type="multi_label_classification"),
}


class Failures:
    """Counts what did not hold, and says each check on a line."""

    def __init__(self):
        self.count = 0

    def check(self, holds, text):
        print(("ok      " if holds else "FAILED  ") + text, flush=True)
        self.count += not holds
        return holds


def random_model(sizes, seed=1):
    """A model with random weights, LayerNorm and biases included, which start as constants."""
    torch.manual_seed(seed)
    model = BertForSequenceClassification(BertConfig(**sizes)).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "LayerNorm" in name or name.endswith("bias"):
                p.add_(0.1 * torch.randn_like(p))
    return model


class Smsa:
    """The training file of SmSA as batches of token ids, in the order of the file."""

    LABELS = {"positive": 0, "neutral": 1, "negative": 2}

    def __init__(self, folder, work):
        lines = (Path(folder) / "train_preprocess.tsv").read_text(encoding="utf-8").splitlines()
        self.texts, self.labels = zip(*(line.rsplit("\t", 1) for line in lines))
        self.tokenizer = BertWordPieceTokenizer(lowercase=True)
        self.tokenizer.train([str(Path(folder) / "train_preprocess.tsv")], vocab_size=8000, show_progress=False)
        self.tokenizer.save_model(str(work))

    def batch(self, step, size, config, pairs=False):
        """Rows [step * size, (step + 1) * size), padded to the longest; token types 1 in the second half for pairs."""
        rows = [i % len(self.texts) for i in range(step * size, (step + 1) * size)]
        self.tokenizer.enable_truncation(min(128, config.max_position_embeddings))
        codes = [e.ids for e in self.tokenizer.encode_batch([self.texts[i] for i in rows])]
        longest = max(map(len, codes))
        batch = {
            "input_ids": torch.tensor([ids + [0] * (longest - len(ids)) for ids in codes]),
            "attention_mask": torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in codes]),
            "token_type_ids": torch.tensor([[int(pairs and config.type_vocab_size > 1 and t > len(ids) // 2)
                                             for t in range(longest)] for ids in codes]),
        }
        labels = torch.tensor([self.LABELS[self.labels[i]] for i in rows])
        if config.num_labels == 1:
            batch["labels"] = labels.float().reshape(-1, 1)
        elif config.problem_type == "multi_label_classification":
            batch["labels"] = torch.nn.functional.one_hot(labels, config.num_labels).float()
        else:
            batch["labels"] = labels
        return batch


def save_batches(path, batches):
    """Batches for the C++ program."""
    tensors = {}
    for i, batch in enumerate(batches):
        for name, tensor in batch.items():
            if name == "labels":
                floating = tensor.is_floating_point()
                tensors[f"{i}.{'targets' if floating else 'labels'}"] = tensor if floating else tensor.int()
            else:
                tensors[f"{i}.{'ids' if name == 'input_ids' else name}"] = tensor.int()
    save_file(tensors, str(path))


def run(program, *arguments):
    """Runs the C++ program. Returns its standard output and what it logged."""
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, [program, *arguments]))}\n{done.stderr}")
    return done.stdout, done.stderr


def relative(actual, expected, scale=None):
    """max |actual - expected| / max |scale|, scale = expected when absent."""
    scale = expected if scale is None else scale
    return ((actual.double() - expected.double()).abs().max() / scale.double().abs().max().clamp_min(1e-300)).item()


def read(path):
    return load_file(str(path))


def read_json(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))
