"""The work of train_step.cpp in PyTorch and transformers: AdamW, clipping, bf16 by autocast. One JSON object on one line.

    train_step.py --precision fp32|bf16 --attention eager|sdpa [--compile] [--threads 2] ...
"""
import time

import torch

import bert_workload


def main():
    options = bert_workload.parser(__doc__).parse_args()
    start_mb = bert_workload.prepare(options)
    model = bert_workload.make_model(options).train()
    call = bert_workload.compiled(model, options)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, weight_decay=0.01, fused=True)
    lengths = bert_workload.read_lengths(options)
    autocast = torch.autocast(torch.device(options.device).type, torch.bfloat16, enabled=options.precision == "bf16")
    seconds, tokens = [], 0
    for step in range(options.warmup + options.steps):
        batch, real_tokens = bert_workload.make_batch(options, lengths, step, labeled=True)
        begin = time.perf_counter()
        with autocast:
            loss = call(**{name: tensor.to(options.device) for name, tensor in batch.items()}).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        last = loss.item()
        if step >= options.warmup:
            seconds.append(time.perf_counter() - begin)
            tokens += real_tokens
    who = f"PyTorch {torch.__version__.split('+')[0]} {options.attention}{' compiled' if options.compile else ''}"
    bert_workload.print_result(who, "train", options, seconds, tokens, sum(p.numel() for p in model.parameters()), start_mb,
                               last_loss=round(last, 5))


if __name__ == "__main__":
    main()
