"""Model folders of every age: what transformers writes opens in the C++ program with the same report, hidden states and
logits, and what the program writes opens in transformers without a word of warning.
"""

import json
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM, BertForPreTraining, BertForSequenceClassification, BertModel

from common import LOGITS_LIMIT, random_model, read, read_json, relative, run, save_batches

TINY = dict(vocab_size=8000, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
            max_position_embeddings=128, id2label={0: "positif", 1: "netral", 2: "negatif"},
            label2id={"positif": 0, "netral": 1, "negatif": 2}, problem_type="single_label_classification")


def write(folder, config, weights, form="safetensors"):
    """A folder with these weights in one of the forms that people have."""
    config.save_pretrained(folder)
    weights = {k: v.clone().contiguous() for k, v in weights.items()}  # nothing shared: safetensors refuses that
    if form == "safetensors":
        save_file(weights, str(folder / "model.safetensors"), metadata={"format": "pt"})
    elif form in ("zip", "legacy"):
        torch.save(weights, folder / "pytorch_model.bin", _use_new_zipfile_serialization=form == "zip")
    elif form == "sharded bin":
        names = sorted(weights)
        shards = {"pytorch_model-00001-of-00002.bin": names[::2], "pytorch_model-00002-of-00002.bin": names[1::2]}
        for shard, part in shards.items():
            torch.save({name: weights[name] for name in part}, folder / shard)
        index = {"metadata": {}, "weight_map": {name: shard for shard, part in shards.items() for name in part}}
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index), encoding="utf-8")


def old_norms(weights):
    return {k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v
            for k, v in weights.items()}


def make_folders(work):
    """Yields (name, folder, whether transformers knows the names)."""
    model = random_model(TINY)
    config, weights = model.config, model.state_dict()
    torch.manual_seed(2)
    headless, language, pretraining = (c(BertConfig(**TINY)) for c in (BertModel, BertForMaskedLM, BertForPreTraining))
    positions = {"bert.embeddings.position_ids": torch.arange(config.max_position_embeddings)[None]}
    forms = {
        "transformers, safetensors": lambda f: model.save_pretrained(f),
        "transformers, sharded": lambda f: model.save_pretrained(f, max_shard_size="200KB"),
        "transformers, bfloat16": lambda f: random_model(TINY).bfloat16().save_pretrained(f),
        "transformers, float16": lambda f: random_model(TINY).half().save_pretrained(f),
        "transformers, float64": lambda f: random_model(TINY).double().save_pretrained(f),
        "transformers, BertModel": lambda f: headless.save_pretrained(f),
        "transformers, BertForMaskedLM": lambda f: language.save_pretrained(f),
        "transformers, BertForPreTraining": lambda f: pretraining.save_pretrained(f),
        "torch.save, zip": lambda f: write(f, config, weights, "zip"),
        "torch.save, legacy": lambda f: write(f, config, weights, "legacy"),
        "torch.save, two shards": lambda f: write(f, config, weights, "sharded bin"),
        "torch.save legacy, gamma and beta, position_ids, BertForPreTraining":
            lambda f: write(f, config, old_norms(pretraining.state_dict()) | positions, "legacy"),
        "torch.save legacy, gamma and beta, BertModel": lambda f: write(f, config, old_norms(headless.state_dict()), "legacy"),
        "bert. taken off": lambda f: write(f, config, {k.removeprefix("bert."): v for k, v in weights.items()}),
    }
    for number, (name, make) in enumerate(forms.items()):
        folder = work / f"folder{number}"
        folder.mkdir(parents=True, exist_ok=True)
        make(folder)
        yield name, folder, True
    for form in ("safetensors", "zip", "legacy"):
        folder = work / f"parallel_{form}"
        write(folder, config, torch.nn.DataParallel(model).state_dict(), form)
        yield f"DataParallel, {form}", folder, False


def transformers_view(folder, batch, **options):
    model, info = BertForSequenceClassification.from_pretrained(folder, output_loading_info=True, dtype=torch.float32,
                                                                **options)
    inputs = {k: v for k, v in batch.items() if k != "labels"}
    with torch.no_grad():
        hidden = model.eval().bert(**inputs).last_hidden_state[batch["attention_mask"] == 1]
        return model(**inputs).logits, hidden, info


def compare_report(name, ours, info, failures):
    """The same names in the same lists; token_type_ids, which transformers calls unexpected, is passed over here."""
    theirs = {"missing": set(info["missing_keys"]), "unexpected": set(info["unexpected_keys"]),
              "mismatched": {key[0] for key in info["mismatched_keys"]}}
    same = all(set(ours[kind]) == names for kind, names in theirs.items())
    failures.check(same, f"{name}: report, " + ", ".join(f"{len(ours[k])} {k}" for k in ("loaded", *theirs))
                   + ("" if same else f"; transformers {theirs}, ours {ours}"))


def compare_read(program, work, smsa, failures):
    batch = smsa.batch(0, 8, BertConfig(**TINY))
    save_batches(work / "folder_batch", [batch])
    original = random_model(TINY)
    for name, folder, known in make_folders(work):
        run(program, "load", folder, work / "folder_batch", work / "loaded", work / "loaded.json")
        ours, report = read(work / "loaded"), read_json(work / "loaded.json")
        if known:
            logits, hidden, info = transformers_view(folder, batch)
            compare_report(name, report, info, failures)
        else:
            failures.check(not (report["missing"] or report["unexpected"] or report["mismatched"]), f"{name}: complete")
            original.save_pretrained(work / "original")
            logits, hidden, _ = transformers_view(work / "original", batch)
        error = relative(ours["hidden"], hidden)
        failures.check(error <= LOGITS_LIMIT, f"{name}: hidden states {error:.1e}")
        if not report["missing"]:
            error = relative(ours["logits"], logits)
            failures.check(error <= LOGITS_LIMIT, f"{name}: logits {error:.1e}")
    # Another number of labels than in the file.
    folder = work / "mismatched"
    original.save_pretrained(folder)
    BertConfig(**{k: v for k, v in TINY.items() if k not in ("id2label", "label2id")}, num_labels=5).save_pretrained(folder)
    _, _, info = transformers_view(folder, batch, ignore_mismatched_sizes=True)
    run(program, "load", folder, work / "folder_batch", work / "loaded", work / "loaded.json", "ignore_mismatched_sizes")
    compare_report("another number of labels", read_json(work / "loaded.json"), info, failures)


def open_in(python, folder, work):
    """What open_written.py saw."""
    script = Path(__file__).with_name("open_written.py")
    done = subprocess.run([python, str(script), str(folder), str(work / "inputs"), str(work / "opened")],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{python} {script} {folder}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def compare_written(program, work, smsa, pythons, failures):
    """What the program writes, in transformers of each Python."""
    model = random_model(TINY)
    batch = smsa.batch(0, 8, model.config)
    inputs = {k: v for k, v in batch.items() if k != "labels"}
    save_file(inputs, str(work / "inputs"))
    model.save_pretrained(work / "source")
    config = read_json(work / "source/config.json") | {"own_field": {"deep": [1, 2.5, None]}, "pooler_type": "x"}
    (work / "source/config.json").write_text(json.dumps(config), encoding="utf-8")
    for dtype in ("float32", "float16", "bfloat16"):
        folder = work / f"written_{dtype}"
        run(program, "resave", work / "source", folder, dtype)
        stored = random_model(TINY).to(getattr(torch, dtype)).float()
        with torch.no_grad():
            expected = stored(**inputs).logits
        for python in pythons:
            seen = open_in(python, folder, work)
            name = f"written as {dtype}, opened by transformers {seen['transformers']}"
            failures.check(not seen["said"], f"{name}: no warning {seen['said'] or ''}")
            failures.check(seen["info"] == 0, f"{name}: all keys match")
            wanted = {"id2label": {str(k): v for k, v in TINY["id2label"].items()}, "label2id": TINY["label2id"],
                      "problem_type": TINY["problem_type"], "dtype": dtype, "class": "BertForSequenceClassification",
                      "own_field": config["own_field"], "pooler_type": "x"}
            failures.check({k: seen[k] for k in wanted} == wanted, f"{name}: configuration and class")
            error = relative(read(work / "opened")["logits"], expected)
            failures.check(error <= LOGITS_LIMIT, f"{name}: logits {error:.1e}")
        same = all(torch.equal(v, stored.state_dict()[k].to(getattr(torch, dtype)))
                   for k, v in read(folder / "model.safetensors").items())
        failures.check(same, f"written as {dtype}: every stored weight has the bits of torch's cast")


def compare_listener(work, pythons, failures):
    """The control: a folder with which something is wrong makes the listener hear something."""
    folder = work / "wrong"
    BertModel(BertConfig(**TINY)).save_pretrained(folder)
    (folder / "config.json").write_text(
        json.dumps(read_json(folder / "config.json") | {"own_field": 0, "pooler_type": 0}), encoding="utf-8")
    for python in pythons:
        seen = open_in(python, folder, work)
        failures.check(seen["said"] and seen["info"], f"transformers {seen['transformers']} complains of a missing head")


def compare_folders(program, work, smsa, other_python, failures):
    compare_read(program, work, smsa, failures)
    pythons = [sys.executable] + ([other_python] if other_python else [])
    compare_written(program, work, smsa, pythons, failures)
    compare_listener(work, pythons, failures)
