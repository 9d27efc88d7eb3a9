"""Compares the example japanese_reviews with the same model in PyTorch: BertModel and the head, 50 steps of AdamW and StepLR
on the bundled sample, dropout off, BatchNorm in training mode. Called by ./check.

Limits. The loss must agree within 1e-4 at every step in float32, which is 1e-4 / 2^-24 = 1678 unit roundoffs; in float64
the same number of roundoffs is 1e-4 2^-29 = 1.9e-13. The running variance has the same two limits, as max |a - b| / max |b|.

The running mean is another matter. The bias of the Linear before the BatchNorm moves its input and the batch's mean alike, so
its gradient is zero but for rounding; Adam divides that rounding by its own size and so moves the bias by up to about the
learning rate, in a direction that is nobody's fault. The running mean has that bias in it. What is compared is therefore the
running mean without it: minus sum_t w_t b_t, b_t the bias in step t and w_t = momentum (1 - momentum)^(T - 1 - t) its weight
in the running mean. Both sides report that sum, which has the same limits; the plain one is printed as well.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertJapaneseTokenizer, BertModel

LIMITS = {torch.float32: 1e-4, torch.float64: 1e-4 * 2.0**-29}


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


def train(folder, config, dtype, codes, labels, steps, size, lr, step_size):
    """Losses, buffers, and the bias before the BatchNorm as it entered the running mean."""
    model = ReviewClassifier(config)
    model.load_state_dict(load_file(str(folder / "model.safetensors")), strict=False)
    model = model.to(dtype).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma=0.75)
    losses, norm = [], model.head[2]
    bias = torch.zeros_like(norm.running_mean)
    for step in range(steps):
        rows = [i % len(codes) for i in range(step * size, (step + 1) * size)]
        longest = max(len(codes[i]) for i in rows)
        batch = {"input_ids": torch.tensor([codes[i] + [0] * (longest - len(codes[i])) for i in rows]),
                 "attention_mask": torch.tensor([[1] * len(codes[i]) + [0] * (longest - len(codes[i])) for i in rows])}
        targets = torch.nn.functional.one_hot(torch.tensor([labels[i] for i in rows]), 2).to(dtype)
        bias = (1 - norm.momentum) * bias + norm.momentum * model.head[1].bias.detach()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(**batch), targets)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return {"losses": torch.tensor(losses, dtype=torch.float64), "running_mean": norm.running_mean,
            "running_mean without the bias": norm.running_mean - bias, "running_var": norm.running_var,
            "num_batches_tracked": norm.num_batches_tracked}


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
        for name, lr in (("small", 1e-3), ("wide", 1e-4), ("wide", 1e-5)):
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
                theirs = train(folder, config, dtype, codes, labels, options.steps, size, lr, step_size)
                if dtype == torch.float32:
                    check(ours["ids"].tolist() == [i for code in codes for i in code],
                          f"{name}: {sum(map(len, codes))} ids of {len(codes)} texts are equal")
                    exact = train(folder, config, torch.float64, codes, labels, options.steps, size, lr, step_size)
                what = f"{name}, lr {lr}, {kind}"
                check(ours["num_batches_tracked"].item() == options.steps, f"{what}: num_batches_tracked")
                ours["running_mean without the bias"] = ours["running_mean"] - ours["bias"]
                first, last = theirs["losses"][0], theirs["losses"][-1]
                for key in ("losses", "running_var", "running_mean without the bias"):
                    e = error(ours, theirs, key)
                    check(e <= LIMITS[dtype],
                          f"{what}: {key} {e:.1e} (limit {LIMITS[dtype]:.1e})" +
                          (f", {first:.4f} -> {last:.4f}" if key == "losses" else "") +
                          (f"; ours-64 {error(ours, exact, key):.1e}, torch-64 {error(theirs, exact, key):.1e}"
                           if kind == "float" else ""))
                print(f"        {what}: plain running_mean {error(ours, theirs, 'running_mean'):.1e}" +
                      (f"; ours-64 {error(ours, exact, 'running_mean'):.1e}, torch-64 "
                       f"{error(theirs, exact, 'running_mean'):.1e}" if kind == "float" else ""))
    print(f"{failed} comparisons failed" if failed else "all comparisons hold")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
