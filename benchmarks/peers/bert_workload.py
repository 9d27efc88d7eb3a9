"""What the benchmarks of a BERT classifier work on, as ../bert_workload.hpp has it: the same lengths in the same order,
padded to the longest of each batch with an attention mask."""
import argparse
import json
import pathlib
import resource
import statistics

import torch
import transformers


def parser(description):
    """An argument parser with the options that all of these benchmarks have."""
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    result.add_argument("--attention", choices=["eager", "sdpa"], default="sdpa")
    result.add_argument("--compile", action="store_true")
    result.add_argument("--device", default="cpu")
    result.add_argument("--threads", type=int, default=0, help="of the CPU; 0: as PyTorch chooses")
    result.add_argument("--lengths", default=pathlib.Path(__file__).parents[1] / "smsa_lengths.tsv")
    for name, value in {"layers": 12, "hidden": 768, "heads": 12, "vocab": 30522, "batch": 32, "steps": 10, "warmup": 3,
                        "seqlen": 0}.items():
        result.add_argument(f"--{name}", type=int, default=value)
    return result


def prepare(options):
    """Sets the threads. Returns the resident memory in MB before there is a model."""
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * resource.getpagesize() / 2**20


def make_model(options):
    config = transformers.BertConfig(
        vocab_size=options.vocab, num_hidden_layers=options.layers, hidden_size=options.hidden,
        num_attention_heads=options.heads, intermediate_size=4 * options.hidden, num_labels=3,
        attn_implementation=options.attention)
    return transformers.BertForSequenceClassification(config).to(options.device)


def compiled(model, options):
    """The model, or with --compile what torch.compile makes of it, for any lengths."""
    return torch.compile(model, dynamic=True) if options.compile else model


def read_lengths(options):
    counts = [tuple(map(int, line.split())) for line in open(options.lengths)]
    ordered = [length for length, count in counts for _ in range(count)]
    return [options.seqlen or ordered[(7919 * i + 13) % len(ordered)] for i in range(len(ordered))]


def make_batch(options, lengths, step, labeled):
    """Tensors on the CPU, and the number of real tokens."""
    rows = [lengths[(step * options.batch + b) % len(lengths)] for b in range(options.batch)]
    batch = {"input_ids": torch.randint(options.vocab, (options.batch, max(rows))),
             "attention_mask": (torch.arange(max(rows))[None, :] < torch.tensor(rows)[:, None]).long()}
    if labeled:
        batch["labels"] = torch.arange(options.batch) % 3
    return batch, sum(rows)


def print_result(who, task, options, seconds, tokens, parameters, start_mb, **more):
    """One line of JSON, with the members of the C++ programs."""
    ordered = sorted(seconds)
    print(json.dumps({
        "who": who, "task": task, "precision": options.precision, "device": options.device,
        "threads": torch.get_num_threads(), "parameters": parameters,
        "ms": round(1e3 * statistics.median(ordered), 3), "ms_min": round(1e3 * ordered[0], 3),
        "ms_mean": round(1e3 * statistics.mean(ordered), 3),
        "ms_p99": round(1e3 * ordered[int(0.99 * (len(ordered) - 1) + 0.5)], 3),
        "tokens_per_second": round(tokens / sum(seconds)),
        "sequences_per_second": round(options.batch * len(seconds) / sum(seconds), 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), "start_mb": round(start_mb), **more}))
