"""Milliseconds to load a BERT-base folder (440 MB), in fresh processes in turn, the file in the page cache."""

import statistics
import subprocess
import sys

from common import BASE, random_model, run

PYTHON = """
import sys, time, torch
from transformers import BertForSequenceClassification
start, cpu = time.perf_counter(), time.process_time()
model = BertForSequenceClassification.from_pretrained(sys.argv[1])
print(1000 * (time.perf_counter() - start), 1000 * (time.process_time() - cpu))
total = sum(float(p.sum()) for p in model.parameters())  # touches every weight
print(1000 * (time.perf_counter() - start), 1000 * (time.process_time() - cpu))
"""


def compare_time(program, work):
    folder = work / "base"
    if not (folder / "model.safetensors").exists():
        random_model(BASE).save_pretrained(folder)
    times = {"model_parity": [], "transformers": [], "transformers, with every weight read once": []}
    for _ in range(7):
        times["model_parity"].append(run(program, "time", folder)[0].split()[:2])
        out = subprocess.run([sys.executable, "-c", PYTHON, str(folder)], capture_output=True, text=True, check=True).stdout
        lines = [line.split() for line in out.splitlines()[-2:]]
        times["transformers"].append(lines[0])
        times["transformers, with every weight read once"].append(lines[1])
    times["model_parity, a new model with random weights"] = [run(program, "time", folder, "random")[0].split()[:2]]
    for name, values in times.items():
        wall, cpu = ([float(value[i]) for value in values] for i in (0, 1))
        print(f"        from_pretrained of BERT-base, {name}: median of {len(wall)} {statistics.median(wall):.0f} ms, best "
              f"{min(wall):.0f}; processor time {statistics.median(cpu):.0f}, best {min(cpu):.0f}")
