"""Compares ALBERT with transformers at the sizes of indobert-lite-base-p1, with random weights: check.py PROGRAM [FOLDER].

PROGRAM is albert_parity, which loads and trains the folders that are written here; FOLDER keeps them. Of three heads: logits and
the losses of five steps of AdamW; then the folders that PROGRAM saved are opened by transformers, with nothing missing, left over
or said, and give the program's logits. Needs torch, transformers and safetensors.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AlbertConfig, Trainer

SIZES = dict(vocab_size=30000, embedding_size=128, hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
             intermediate_size=3072, hidden_act="gelu", num_labels=5, classifier_dropout_prob=0.0, initializer_range=0.05,
             attn_implementation="eager")
HEADS = ["ForSequenceClassification", "ForTokenClassification", "ForMaskedLM"]
# Relative to the largest logit, and of each loss: what rounding makes of five steps, in which AdamW moves a weight of a tiny
# gradient as far as any other, is printed beside it (transformers in float32 against itself in float64).
LOGITS_LIMIT, LOSS_LIMIT = 1e-5, 1e-4


def batch_of(head, generator):
    lengths = [21, 7, 1, 16]
    ids = torch.randint(5, 30000, (4, 21), generator=generator)
    mask = torch.tensor([[int(t < length) for t in range(21)] for length in lengths])
    labels = torch.randint(0, 5, (4,) if head == HEADS[0] else (4, 21), generator=generator)
    if head == HEADS[2]:
        labels = torch.where(torch.rand(4, 21, generator=generator) < 0.3, ids, -100)
    if head != HEADS[0]:
        labels[mask == 0] = -100
    return {"input_ids": ids * mask, "attention_mask": mask, "token_type_ids": (ids % 2) * mask, "labels": labels}


def real_rows(head, logits, batch):
    if head == HEADS[0]:
        return logits
    return logits[batch["labels"] != -100] if head == HEADS[2] else logits[batch["attention_mask"] == 1]


def trained(model, batch):
    """Losses of five steps."""
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    groups = [{"params": [p for n, p in model.named_parameters() if n in decayed], "weight_decay": 0.01},
              {"params": [p for n, p in model.named_parameters() if n not in decayed], "weight_decay": 0.0}]
    optimizer, losses = torch.optim.AdamW(groups, lr=1e-4), []
    for _ in range(5):
        loss = model(**batch).loss
        losses.append(loss.detach())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return torch.stack(losses)


def main():
    program, failures = sys.argv[1], 0
    print(f"torch {torch.__version__}, transformers {transformers.__version__}")
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(sys.argv[2] if len(sys.argv) > 2 else temporary)
        for head in HEADS:
            torch.manual_seed(1)
            kind = getattr(transformers, "Albert" + head)
            model = kind(AlbertConfig(**SIZES)).eval()
            folder, out = work / head, work / (head + ".tempa")
            model.save_pretrained(folder)
            batch = batch_of(head, torch.Generator().manual_seed(2))
            save_file({k: v.int() for k, v in batch.items()}, str(folder / "batch.safetensors"))
            out.mkdir(exist_ok=True)
            subprocess.run([program, head, folder, folder / "batch.safetensors", out], check=True)
            ours = load_file(str(out / "results.safetensors"))
            with torch.no_grad():
                logits = real_rows(head, model(**batch).logits, batch)
            exact = trained(kind.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval(), batch)
            losses = trained(model, batch)
            saved, info = kind.from_pretrained(out, output_loading_info=True, attn_implementation="eager")
            with torch.no_grad():
                saved_logits = real_rows(head, saved.eval()(**batch).logits, batch)
            relative = lambda a, b: ((a - b).abs().max() / b.abs().max()).item()
            errors = {"logits": relative(ours["logits"], logits),
                      "logits of the saved folder": relative(ours["trained.logits"], saved_logits)}
            loss_error, rounding = (((a - losses).abs() / losses).max().item() for a in (ours["losses"], exact))
            said = {k: v for k, v in info.items() if v}
            ok = max(errors.values()) <= LOGITS_LIMIT and loss_error <= LOSS_LIMIT and not said and type(saved) is kind
            failures += not ok
            print(f"{'ok  ' if ok else 'FAIL'} Albert{head}: " + ", ".join(f"{k} {v:.1e}" for k, v in errors.items()) +
                  f", losses {loss_error:.1e} (rounding {rounding:.1e})", said or "")
    print(f"{failures} comparisons failed" if failures else "all comparisons hold")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
