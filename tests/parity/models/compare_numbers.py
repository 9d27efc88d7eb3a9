"""Logits, gradients and loss curves of transformers and of the C++ program on the same weights and batches.

Norms: a tensor's error is max |a - b| / max |b|, for logits over the batch, for gradients over each parameter. The gradient of
a key's bias is zero but for rounding (it shifts all scores of a row alike), so it is measured against that of the query's
bias beside it. The error of a loss is |a - b| / |b|, at every step. The columns with 64 compare with transformers in
float64: they show whose rounding it is.
"""

import time

import torch
from safetensors.torch import save_file
from transformers import BertForSequenceClassification, Trainer, get_linear_schedule_with_warmup

from common import BASE, GRADIENT_LIMIT, LOGITS_LIMIT, LOSS_LIMIT, ODD, SMALL, random_model, read, relative, run, save_batches


def floats(batch, dtype):
    return {k: v.to(dtype) if v.is_floating_point() else v for k, v in batch.items()}


def numbers_of(model, batch, dtype):
    """Logits and gradients of transformers."""
    model = model.to(dtype)
    model.zero_grad()
    out = model(**floats(batch, dtype))
    out.loss.backward()
    with torch.no_grad():
        alone = []
        for b in range(len(batch["input_ids"])):
            n = int(batch["attention_mask"][b].sum())
            row = {k: v[b:b + 1, :n] for k, v in batch.items() if k != "labels"}
            alone.append(model(**row).logits)
    numbers = {"loss": out.loss.detach(), "logits.padded": out.logits.detach(), "logits.alone": torch.cat(alone)}
    return numbers | {"grad." + k: p.grad.clone() for k, p in model.named_parameters()}


def worst_gradient(actual, expected):
    worst = ("", 0.0)
    for name, b in expected.items():
        if name.startswith("grad."):
            scale = expected[name.replace(".key.", ".query.")] if name.endswith("key.bias") else None
            worst = max(worst, (name[5:], relative(actual[name], b, scale)), key=lambda pair: pair[1])
    return worst


def compare_numbers(program, work, smsa, names, failures):
    sizes = {**ODD, "small": SMALL, "base": BASE}
    for name in names:
        folder = work / name
        model = random_model(sizes[name])
        model.save_pretrained(folder)
        batch = smsa.batch(0, 8 if name == "base" else 32, model.config, pairs=True)
        save_batches(folder / "batch", [batch])
        run(program, "numbers", folder, folder / "batch", folder / "ours32")
        run(program, "numbers64", folder, folder / "batch", folder / "ours64")
        ours32, ours64 = read(folder / "ours32"), read(folder / "ours64")
        theirs32, theirs64 = numbers_of(model, batch, torch.float32), numbers_of(model, batch, torch.float64)
        for key in ("logits.padded", "logits.packed", "logits.alone"):
            other = "logits.padded" if key == "logits.packed" else key
            error = relative(ours32[key], theirs32[other])
            failures.check(error <= LOGITS_LIMIT,
                           f"{name}: {key} {error:.1e} (limit {LOGITS_LIMIT:.0e}); ours-64 "
                           f"{relative(ours32[key], theirs64[other]):.1e}, transformers-64 "
                           f"{relative(theirs32[other], theirs64[other]):.1e}; both in float64 "
                           f"{relative(ours64[key], theirs64[other]):.1e}")
        parameter, error = worst_gradient(ours32, theirs32)
        count = sum(key.startswith("grad.") for key in theirs32)
        failures.check(error <= GRADIENT_LIMIT,
                       f"{name}: worst of {count} gradients {error:.1e} (limit {GRADIENT_LIMIT:.0e}), {parameter}; ours-64 "
                       f"{worst_gradient(ours32, theirs64)[1]:.1e}, transformers-64 "
                       f"{worst_gradient(theirs32, theirs64)[1]:.1e}; both in float64 "
                       f"{worst_gradient(ours64, theirs64)[1]:.1e}")


def losses_of(folder, batches, dtype, optimizer_name, lr, weight_decay, warmup):
    """The loss of every step, as transformers.Trainer trains, without dropout."""
    model = BertForSequenceClassification.from_pretrained(folder).to(dtype).eval()
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    groups = [{"params": [p for n, p in model.named_parameters() if n in decayed], "weight_decay": weight_decay},
              {"params": [p for n, p in model.named_parameters() if n not in decayed], "weight_decay": 0.0}]
    optimizer = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[optimizer_name](groups, lr=lr)
    schedule = get_linear_schedule_with_warmup(optimizer, warmup, len(batches))
    losses = []
    for batch in batches:
        loss = model(**floats(batch, dtype)).loss
        losses.append(loss.item())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return torch.tensor(losses, dtype=torch.float64)


def compare_training(program, work, smsa, name, steps, failures):
    folder = work / name
    model = random_model({"small": SMALL, "base": BASE}[name])
    model.save_pretrained(folder)
    batches = [smsa.batch(step, 32, model.config) for step in range(steps)]
    save_batches(folder / "batches", batches)
    rate = 1e-4 if name == "small" else 1e-5
    for optimizer, lr, decay in (("adamw", 2 * rate, 0.01), ("adam", rate, 0.0)):
        warmup = max(1, steps // 10)
        start = time.perf_counter()
        run(program, "train", folder, folder / "batches", folder / "losses", optimizer, lr, decay, warmup, steps)
        ours_seconds = time.perf_counter() - start
        ours = read(folder / "losses")["losses"]
        start = time.perf_counter()
        theirs = losses_of(folder, batches, torch.float32, optimizer, lr, decay, warmup)
        seconds = time.perf_counter() - start
        errors = (ours - theirs).abs() / theirs.abs()
        text = (f"{name}: {steps} steps of {optimizer}, lr {lr}, weight decay {decay}, warm-up {warmup}: loss "
                f"{theirs[0]:.4f} -> {theirs[-1]:.4f}, worst step {errors.max():.1e} (limit {LOSS_LIMIT:.0e}), median "
                f"{errors.median():.1e}")
        if name == "small":
            exact = losses_of(folder, batches, torch.float64, optimizer, lr, decay, warmup)
            run(program, "train64", folder, folder / "batches", folder / "losses64", optimizer, lr, decay, warmup, steps)
            wide = read(folder / "losses64")["losses"]
            worst = [((losses - exact).abs() / exact).max() for losses in (ours, theirs, wide)]
            text += f"; ours-64 {worst[0]:.1e}, transformers-64 {worst[1]:.1e}; both in float64 {worst[2]:.1e}"
        failures.check(errors.max().item() <= LOSS_LIMIT, f"{text}; {ours_seconds:.0f} s, transformers {seconds:.0f} s")
