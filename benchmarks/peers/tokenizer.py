#!/usr/bin/env python3
"""Tokenizing SmSA: tempa beside the tokenizers library, in turns, on the same texts with the same vocabulary.

    peers/tokenizer.py BENCHMARK SMSA_FOLDER [--vocab vocab.txt] [--rounds 7] [--threads 1 2]

BENCHMARK is build/release/benchmarks/tokenizer_benchmark. Without --vocab one of the frequent words, word ends and
characters of the training texts is made. The peer is at its best: one call for all texts, encode_batch and
encode_batch_fast (which leaves offsets out), RAYON_NUM_THREADS as said, and TOKENIZERS_PARALLELISM=false for one
thread. Times are those of encoding alone, without reading texts or turning them into the other language's objects'
printed form; the ids must have the same checksum. Each round starts both programs anew; the first pass of each is not
counted.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PASSES = 4  # in one start of a program


def peer(folder, texts, threads):
    from tokenizers import BertWordPieceTokenizer, __version__

    tokenizer = BertWordPieceTokenizer(str(pathlib.Path(folder, "vocab.txt")), lowercase=True)._tokenizer
    lines = pathlib.Path(texts).read_text("utf-8").split("\n")[:-1]
    out = {"version": __version__}
    for name in ("encode_batch", "encode_batch_fast"):
        seconds = []
        for _ in range(PASSES):
            start = time.perf_counter()
            encodings = getattr(tokenizer, name)(lines)
            seconds.append(time.perf_counter() - start)
        n = checksum = 0
        for encoding in encodings:
            for token in encoding.ids:
                n += 1
                checksum += token * (n % 8191)
        out[name] = {"seconds": min(seconds[1:]), "tokens": n, "checksum": checksum}
    print(json.dumps(out))


def make_vocab(texts):
    counts = {}
    for text in texts:
        for word in text.lower().split():
            counts[word] = counts.get(word, 0) + 1
    words = sorted((w for w in counts if len(w) > 1), key=lambda w: (-counts[w], w))[:20000]
    letters = sorted({c for w in counts for c in w})
    tails = sorted({"##" + w[-n:] for w in words for n in (2, 3, 4) if len(w) > n + 1})
    return list(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters + ["##" + c for c in letters] + words + tails))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("benchmark")
    parser.add_argument("smsa")
    parser.add_argument("--vocab")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    texts = [line.split("\t")[0] for name in ("train", "valid", "test")
             for line in pathlib.Path(options.smsa, name + "_preprocess.tsv").read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        vocab = pathlib.Path(options.vocab).read_bytes() if options.vocab else "".join(t + "\n" for t in make_vocab(texts)).encode()
        pathlib.Path(folder, "vocab.txt").write_bytes(vocab)
        file = pathlib.Path(folder, "texts")
        file.write_text("".join(t + "\n" for t in texts), "utf-8")
        print("%d texts, %d bytes, vocabulary of %d" % (len(texts), file.stat().st_size, vocab.count(b"\n")))
        print("%-8s %-20s %10s %10s %8s %8s %8s" % ("threads", "peer", "peer s", "tempa s", "ratio", "worst", "best"))
        for threads in options.threads:
            environment = {**os.environ, "RAYON_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false",
                           "OMP_WAIT_POLICY": "passive"}
            environment.pop("OMP_NUM_THREADS", None)
            ours, theirs = [], []
            for _ in range(options.rounds):
                run = subprocess.run([options.benchmark, folder, str(file), str(threads), str(PASSES)], check=True, stdout=subprocess.PIPE, text=True, env=environment)
                passes = [json.loads(line) for line in run.stdout.splitlines()]
                ours.append({**passes[0], "seconds": min(p["seconds"] for p in passes[1:])})
                run = subprocess.run([sys.executable, __file__, "--peer", folder, str(file), str(threads)], check=True, stdout=subprocess.PIPE, text=True, env=environment)
                theirs.append(json.loads(run.stdout))
            for name in ("encode_batch", "encode_batch_fast"):
                if any((o["tokens"], o["checksum"]) != (t[name]["tokens"], t[name]["checksum"]) for o, t in zip(ours, theirs)):
                    sys.exit("the ids differ")
                ratios = sorted(t[name]["seconds"] / o["seconds"] for o, t in zip(ours, theirs))
                print("%-8d %-20s %10.4f %10.4f %7.2fx %7.2fx %7.2fx" % (
                    threads, name, statistics.median(t[name]["seconds"] for t in theirs), statistics.median(o["seconds"] for o in ours),
                    statistics.median(ratios), ratios[0], ratios[-1]))
        print("tokenizers %s; ratio: the peer's time over tempa's, median, worst and best of %d rounds, the ids equal" % (theirs[0]["version"], options.rounds))


if __name__ == "__main__":
    peer(*sys.argv[2:]) if sys.argv[1:2] == ["--peer"] else main()
