"""Compares the example japanese_reviews with the same model in PyTorch: BertModel and the head, 50 steps of AdamW and StepLR
on the bundled sample, dropout off, BatchNorm in training mode. Called by ./check.

Limits. The loss must agree within 1e-4 at every step in float32, up to a learning rate of 1e-4. And losses, running mean and
running variance must agree, in float32 and in float64, as PyTorch agrees with itself: the same training with the rows of each
batch in another order and, before each step, about half of the weights moved by one unit in the last place, is the same
mathematics in another rounding. The largest difference of any two of four runs is the spread; ours may differ from PyTorch by
twice that. (A limit in roundoffs alone would not do: the bias of the Linear before the BatchNorm has no gradient but rounding,
which Adam divides by its own size and so moves the bias by up to the learning rate in each step; the running mean has that bias
in it.) Errors of losses are max |a - b| / |b|, of statistics max |a - b| / max |b|.
"""

import argparse
import csv
import itertools
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertJapaneseTokenizer, BertModel

LOSS_LIMIT, RATE_OF_LIMIT = 1e-4, 1e-4
QUANTITIES = ("losses", "running_mean", "running_var")


class ReviewClassifier(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        c, drop = config.hidden_size, 0.0
        self.bert = BertModel(config)
        self.head = torch.nn.Sequential(
            torch.nn.Dropout(drop), torch.nn.Linear(c, c // 2), torch.nn.BatchNorm1d(c // 2), torch.nn.Linear(c // 2, c // 8),
            torch.nn.ReLU(), torch.nn.Dropout(drop), torch.nn.Linear(c // 8, c // 32), torch.nn.ReLU(), torch.nn.Dropout(drop),
            torch.nn.Linear(c // 32, 2))

    def forward(self, **batch):
        return self.head(self.bert(**batch).pooler_output)


def make_folder(folder, texts, sizes):
    """config.json, model.safetensors and a Japanese tokenizer with all words of the texts, or their characters."""
    import fugashi
    import ipadic
    tagger = fugashi.GenericTagger(ipadic.MECAB_ARGS)
    words = sorted({str(word) for text in texts for word in tagger(text)})
    rare = set(words[::5])  # these are cut into characters
    characters = sorted({c for word in words for c in word})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + characters + ["##" + c for c in characters]
    vocabulary += [word for word in words if word not in rare and word not in characters]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("".join(token + "\n" for token in vocabulary), encoding="utf-8")
    tokenizer = BertJapaneseTokenizer(str(folder / "vocab.txt"), word_tokenizer_type="mecab",
                                      mecab_kwargs={"mecab_dic": "ipadic"})
    tokenizer.save_pretrained(str(folder))
    config = BertConfig(vocab_size=len(vocabulary), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
                        max_position_embeddings=64, num_labels=2, **sizes)
    torch.manual_seed(1)
    model = ReviewClassifier(config)
    config.architectures = ["ReviewClassifier"]
    config.save_pretrained(str(folder))
    save_file({k: v.contiguous() for k, v in model.state_dict().items() if "position_ids" not in k},
              str(folder / "model.safetensors"))
    return config, tokenizer


def move_by_one_place(model, generator):
    """About half of the weights, up or down by one unit in the last place."""
    with torch.no_grad():
        for p in model.parameters():
            draw = torch.rand(p.shape, generator=generator)
            towards = torch.where(draw < 0.25, -torch.inf, torch.where(draw < 0.5, torch.inf, p.double())).to(p.dtype)
            p.copy_(torch.nextafter(p, towards))


def train(folder, config, dtype, codes, labels, steps, size, lr, step_size, seed=None):
    """Losses and buffers; with a seed, of another rounding."""
    shuffler, generator = random.Random(seed), torch.Generator().manual_seed(seed or 0)
    model = ReviewClassifier(config)
    model.load_state_dict(load_file(str(folder / "model.safetensors")), strict=False)
    model = model.to(dtype).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma=0.75)
    losses, norm = [], model.head[2]
    for step in range(steps):
        rows = [i % len(codes) for i in range(step * size, (step + 1) * size)]
        if seed is not None:
            shuffler.shuffle(rows)
            move_by_one_place(model, generator)
        longest = max(len(codes[i]) for i in rows)
        batch = {"input_ids": torch.tensor([codes[i] + [0] * (longest - len(codes[i])) for i in rows]),
                 "attention_mask": torch.tensor([[1] * len(codes[i]) + [0] * (longest - len(codes[i])) for i in rows])}
        targets = torch.nn.functional.one_hot(torch.tensor([labels[i] for i in rows]), 2).to(dtype)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(**batch), targets)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return {"losses": torch.tensor(losses, dtype=torch.float64), "running_mean": norm.running_mean,
            "running_var": norm.running_var, "num_batches_tracked": norm.num_batches_tracked}


def error(ours, theirs, name):
    a, b = ours[name].double(), theirs[name].double()
    return ((a - b).abs() / b.abs()).max().item() if name == "losses" else ((a - b).abs().max() / b.abs().max()).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True, help="japanese_reviews_parity")
    parser.add_argument("--data", required=True, help="a CSV with the columns text and label")
    parser.add_argument("--work", help="folder for the model; a temporary one when absent")
    parser.add_argument("--steps", type=int, default=50)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, transformers {transformers.__version__}")
    with open(options.data, encoding="utf-8", newline="") as file:
        texts, labels = zip(*((row["text"], int(row["label"])) for row in csv.DictReader(file)))
    failed = 0

    def check(holds, text):
        nonlocal failed
        failed += not holds
        print(("ok      " if holds else "FAILED  ") + text, flush=True)

    sizes = {"small": dict(hidden_size=128, num_hidden_layers=2, num_attention_heads=4, intermediate_size=512),
             "wide": dict(hidden_size=384, num_hidden_layers=1, num_attention_heads=6, intermediate_size=768)}
    with tempfile.TemporaryDirectory() as temporary:
        for name, lr in (("small", 1e-3), ("small", 1e-4), ("wide", 1e-5)):
            folder = Path(options.work or temporary) / name
            config, tokenizer = make_folder(folder, texts, sizes[name])
            codes = [tokenizer(text, truncation=True, max_length=64)["input_ids"] for text in texts]
            size = 16
            step_size = len(codes) // size
            for dtype, kind in ((torch.float32, "float"), (torch.float64, "double")):
                out = folder / f"out-{kind}"
                subprocess.run([options.program, folder, options.data, out, kind, str(options.steps), str(size), str(lr),
                                str(step_size)], check=True)
                ours = load_file(str(out))
                runs = [train(folder, config, dtype, codes, labels, options.steps, size, lr, step_size, seed)
                        for seed in (None, 1, 2, 3)]
                theirs, what = runs[0], f"{name}, lr {lr}, {kind}"
                if kind == "float":
                    check(ours["ids"].tolist() == [i for code in codes for i in code],
                          f"{name}: {sum(map(len, codes))} ids of {len(codes)} texts are equal")
                check(ours["num_batches_tracked"].item() == options.steps, f"{what}: num_batches_tracked {options.steps}")
                for key in QUANTITIES:
                    e, spread = error(ours, theirs, key), max(error(a, b, key) for a, b in itertools.combinations(runs, 2))
                    check(e <= 2 * spread, f"{what}: {key} {e:.1e}, spread of PyTorch itself {spread:.1e}")
                    if key == "losses" and kind == "float" and lr <= RATE_OF_LIMIT:
                        check(e <= LOSS_LIMIT, f"{what}: {options.steps} losses, {theirs[key][0]:.4f} -> {theirs[key][-1]:.4f}, "
                                               f"worst {e:.1e} (limit {LOSS_LIMIT:.0e})")
    print(f"{failed} comparisons failed" if failed else "all comparisons hold")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
