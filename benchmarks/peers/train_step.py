"""The work of train_step.cpp in PyTorch and transformers: the same lengths in the same order, padded to the longest of each
batch with an attention mask, AdamW, clipping. One JSON object on one line.

    train_step.py --precision fp32|bf16 --attention eager|sdpa [--compile] [--task infer] [--threads 2] ...
"""
import argparse
import json
import pathlib
import resource
import statistics
import time

import torch
import transformers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", choices=["train", "infer"], default="train")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--attention", choices=["eager", "sdpa"], default="sdpa")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--lengths", default=pathlib.Path(__file__).parents[1] / "smsa_lengths.tsv")
    for name, value in {"layers": 12, "hidden": 768, "heads": 12, "vocab": 30522, "batch": 32, "steps": 10, "warmup": 3,
                        "seqlen": 0}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=options.vocab, num_hidden_layers=options.layers, hidden_size=options.hidden,
        num_attention_heads=options.heads, intermediate_size=4 * options.hidden, num_labels=3,
        attn_implementation=options.attention)
    model = transformers.BertForSequenceClassification(config).to(options.device)
    trains = options.task == "train"
    model.train(trains)
    call = torch.compile(model, dynamic=True) if options.compile else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, weight_decay=0.01, fused=True)

    counts = [tuple(map(int, line.split())) for line in open(options.lengths)]
    ordered = [length for length, count in counts for _ in range(count)]
    lengths = [options.seqlen or ordered[(7919 * i + 13) % len(ordered)] for i in range(len(ordered))]
    autocast = torch.autocast(torch.device(options.device).type, torch.bfloat16, enabled=options.precision == "bf16")
    seconds, tokens = [], 0
    for step in range(options.warmup + options.steps):
        rows = [lengths[(step * options.batch + b) % len(lengths)] for b in range(options.batch)]
        ids = torch.randint(options.vocab, (options.batch, max(rows)))
        mask = (torch.arange(max(rows))[None, :] < torch.tensor(rows)[:, None]).long()
        labels = torch.arange(options.batch) % 3
        begin = time.perf_counter()
        batch = {"input_ids": ids.to(options.device), "attention_mask": mask.to(options.device),
                 "labels": labels.to(options.device)}
        if trains:
            with autocast:
                loss = call(**batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
        else:
            with torch.inference_mode(), autocast:
                loss = call(**batch).loss
        last = loss.item()
        if step >= options.warmup:
            seconds.append(time.perf_counter() - begin)
            tokens += sum(rows)
    who = f"PyTorch {torch.__version__.split('+')[0]} {options.attention}{' compiled' if options.compile else ''}"
    print(json.dumps({
        "who": who, "task": options.task, "precision": options.precision, "device": options.device,
        "parameters": sum(p.numel() for p in model.parameters()), "ms": round(1e3 * statistics.median(seconds), 3),
        "ms_min": round(1e3 * min(seconds), 3), "ms_mean": round(1e3 * statistics.mean(seconds), 3),
        "tokens_per_second": round(tokens / sum(seconds)), "last_loss": round(last, 5),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))


if __name__ == "__main__":
    main()
