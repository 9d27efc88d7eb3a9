"""Compares the C++ program with transformers: numbers, folders and the time to load. Called by ../check."""

import argparse
import os
import sys
import tempfile
import warnings
from pathlib import Path

import torch
import transformers

from common import Failures, Smsa
from compare_folders import compare_folders
from compare_numbers import compare_numbers, compare_training


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="model_parity")
    parser.add_argument("--smsa", help="folder with train_preprocess.tsv of SmSA")
    parser.add_argument("--work", help="folder for the models; a temporary one when absent")
    parser.add_argument("--other-python", help="a Python with another transformers, which also reads what is written")
    parser.add_argument("--only", choices=["numbers", "training", "folders", "time"], action="append")
    parser.add_argument("--base", action="store_true", help="also BERT-base: 440 MB, some minutes")
    parser.add_argument("--base-steps", type=int, default=5, help="steps of training BERT-base")
    options = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()  # its load reports are compared below
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    warnings.simplefilter("ignore")
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, {torch.get_num_threads()} threads")
    if options.smsa is None or not (Path(options.smsa) / "train_preprocess.tsv").exists():
        print("skipped: there is no train_preprocess.tsv of SmSA; name its folder with --smsa")
        sys.exit(77)
    only = options.only or ["numbers", "training", "folders", "time"]
    failures = Failures()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(options.work or temporary)
        work.mkdir(parents=True, exist_ok=True)
        smsa = Smsa(options.smsa, work)
        if "numbers" in only:
            names = ["odd_head24_relu", "odd_regression_gelu_new", "odd_multi_label"]
            compare_numbers(options.program, work, smsa, names + ["base"] * options.base, failures)
        if "training" in only:
            compare_training(options.program, work, smsa, "small", 100, failures)
            if options.base:
                compare_training(options.program, work, smsa, "base", options.base_steps, failures)
        if "folders" in only:
            compare_folders(options.program, work, smsa, options.other_python, failures)
        if "time" in only and options.base:
            from compare_time import compare_time
            compare_time(options.program, work)
    print(f"{failures.count} comparisons failed" if failures.count else "all comparisons hold")
    sys.exit(1 if failures.count else 0)


if __name__ == "__main__":
    main()
