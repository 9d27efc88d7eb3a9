"""The rows of kernel_benchmark in PyTorch, at the same sizes and on the same lengths; one Markdown table.

    kernels.py --dtype fp32|bf16|fp16 --device cuda [--kernel gemm attention softmax ...] [--tokens 1280] ...

Products are cuBLAS's, of bf16 and fp16 with float accumulation. Attention is scaled_dot_product_attention over padded
sequences with a mask, and, where they are installed, FlashAttention-2's (flash_attn) and, on Hopper, FlashAttention-3's
(flash_attn_interface) variable-length kernels over packed ones; not in fp32, which both lack.
"""
import argparse
import importlib
import statistics
import time

import torch
import torch.nn.functional as F

SMSA = [7, 11, 15, 18, 22, 25, 28, 31, 33, 35, 38, 42, 47, 54, 66, 95, 140]  # as in kernel_benchmark.cpp
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Bench:
    def __init__(self, options):
        self.options, self.dtype, self.device = options, DTYPES[options.dtype], torch.device(options.device)

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def milliseconds(self, call):
        def timed(calls):
            begin = time.perf_counter()
            for _ in range(calls):
                call()
            self.wait()
            return time.perf_counter() - begin

        timed(1)
        calls = min(max(int(self.options.seconds / 20 / timed(1)), 1), 100000)
        times = []
        while len(times) < 5 or sum(times) * calls < self.options.seconds:
            times.append(timed(calls) / calls)
        return 1e3 * statistics.median(times)

    def normal(self, *shape):
        return torch.randn(*shape, dtype=self.dtype, device=self.device)

    def row(self, name, sizes, flops, moved, call):
        ms = self.milliseconds(call)
        rate = f"{flops / ms / 1e9:.3f} TFLOP/s" if flops else f"{moved / ms / 1e6:.3f} GB/s"
        print(f"| {name} | {sizes} | {self.options.dtype} | {ms:.4f} | {rate} |", flush=True)

    def gemm(self):
        tokens, c = self.options.tokens, self.options.hidden
        for name, out, width in (("qkv", 3 * c, c), ("output", c, c), ("up", 4 * c, c), ("down", c, 4 * c)):
            x, w, dy = self.normal(tokens, width), self.normal(out, width), self.normal(tokens, out)
            for form, (m, n, k), call in (("forward", (tokens, out, width), lambda: x @ w.T),
                                          ("dx", (tokens, width, out), lambda: dy @ w),
                                          ("dW", (out, width, tokens), lambda: dy.T @ x)):
                self.row(f"gemm {name} {form}", f"{m}x{n}x{k}", 2 * m * n * k, 0, call)

    def attention(self):
        o = self.options
        lengths = [o.seqlen or SMSA[7 * b % 17] for b in range(o.batch)]
        longest, pairs, d = max(lengths), sum(t * t for t in lengths), o.hidden // o.heads
        flops = 4 * pairs * o.hidden
        q, k, v = (self.normal(o.batch, o.heads, longest, d).requires_grad_() for _ in range(3))
        mask = (torch.arange(longest)[None, :] < torch.tensor(lengths)[:, None])[:, None, None, :].to(self.device)
        self.both("sdpa", f"{o.batch} sequences padded to {longest}", flops,
                  lambda: F.scaled_dot_product_attention(q, k, v, attn_mask=mask))
        if self.device.type != "cuda" or self.dtype == torch.float32:
            return
        n = sum(lengths)
        bounds = torch.tensor([0] + lengths, device=self.device).cumsum(0).int()
        for name, module, runs in (("FlashAttention-2", "flash_attn", True),
                                   ("FlashAttention-3", "flash_attn_interface",
                                    torch.cuda.get_device_capability(self.device)[0] == 9)):
            try:
                varlen = importlib.import_module(module).flash_attn_varlen_func if runs else None
            except ImportError:
                varlen = None
            if varlen is None:
                continue
            packed = [self.normal(n, o.heads, d).requires_grad_() for _ in range(3)]

            def call():
                out = varlen(*packed, bounds, bounds, longest, longest)
                return out[0] if isinstance(out, tuple) else out  # some versions give the softmax sums too

            self.both(f"{name} varlen", f"{o.batch} sequences, {n} tokens", flops, call)

    def both(self, name, sizes, flops, call):
        with torch.no_grad():
            self.row(f"attention forward ({name})", sizes, flops, 0, call)
        y = call()
        dy = torch.randn_like(y)
        self.row(f"attention backward ({name})", sizes, 2.5 * flops, 0, lambda: y.backward(dy, retain_graph=True))

    def softmax(self):
        x = self.normal(self.options.tokens * self.options.heads, 128)
        self.row("softmax forward", f"{x.shape[0]}x128", 0, 2 * x.nbytes, lambda: torch.softmax(x, -1))

    def layer_norm(self):
        tokens, c = self.options.tokens, self.options.hidden
        x, w, b, dy = self.normal(tokens, c).requires_grad_(), self.normal(c).requires_grad_(), \
            self.normal(c).requires_grad_(), self.normal(tokens, c)
        with torch.no_grad():
            self.row("layer_norm forward", f"{tokens}x{c}", 0, 2 * x.nbytes, lambda: F.layer_norm(x, (c,), w, b, 1e-12))
        y = F.layer_norm(x, (c,), w, b, 1e-12)
        self.row("layer_norm backward", f"{tokens}x{c}", 0, 3 * x.nbytes, lambda: y.backward(dy, retain_graph=True))

    def gelu(self):
        x = self.normal(self.options.tokens, 4 * self.options.hidden)
        self.row("gelu forward", f"{x.shape[0]}x{x.shape[1]}", 0, 2 * x.nbytes, lambda: F.gelu(x))

    def tape(self, name, sizes, forward_bytes, backward_bytes, call, *activations):
        self.row(f"{name} forward", sizes, 0, forward_bytes, call)
        y = call()
        dy = torch.randn_like(y)

        def backward():
            for x in activations:
                x.grad = None
            y.backward(dy, retain_graph=True)

        self.row(f"{name} backward", sizes, 0, backward_bytes, backward)

    def dropout_add_layer_norm(self):
        tokens, c = self.options.tokens, self.options.hidden
        x, residual, w, b = (self.normal(*shape).requires_grad_() for shape in ((tokens, c), (tokens, c), (c,), (c,)))
        self.tape("dropout_add_layer_norm", f"{tokens}x{c}", 4 * x.nbytes, 4 * x.nbytes,
                  lambda: F.layer_norm(F.dropout(x, 0.1) + residual, (c,), w, b, 1e-12), x, residual)

    def embeddings(self):
        n, c, rows = self.options.tokens, self.options.hidden, (self.options.vocabulary, 2, 512)
        tables = [self.normal(r, c).requires_grad_() for r in rows]
        ids = [torch.randint(r, (n,), device=self.device) for r in rows]
        w, b = self.normal(c).requires_grad_(), self.normal(c).requires_grad_()
        moved = n * c * tables[0].element_size()
        self.tape("embeddings", f"{n}x{c} of {rows[0]}, 2 and 512", 5 * moved, 6 * moved, lambda: F.dropout(F.layer_norm(
            sum(F.embedding(i, table) for i, table in zip(ids, tables)), (c,), w, b, 1e-12), 0.1))

    def cross_entropy(self):
        n, classes = self.options.tokens, self.options.vocabulary
        logits, labels = self.normal(n, classes).requires_grad_(), torch.randint(classes, (n,), device=self.device)
        moved = logits.nbytes + 4 * logits.numel()
        self.tape("cross_entropy", f"{n}x{classes}", moved, moved, lambda: F.cross_entropy(logits.float(), labels), logits)

    def bce(self):
        tokens, c = self.options.tokens, self.options.hidden
        logits, targets = self.normal(tokens, c).requires_grad_(), torch.full((tokens, c), 0.25, device=self.device)
        self.tape("bce", f"{tokens}x{c}", logits.nbytes + 2 * targets.nbytes, logits.nbytes + targets.nbytes,
                  lambda: F.binary_cross_entropy_with_logits(logits.float(), targets), logits)

    def adamw(self):
        n = 110 << 20
        parameter = torch.zeros(n, device=self.device, requires_grad=True)
        parameter.grad = torch.full_like(parameter, 0.01)
        optimizer = torch.optim.AdamW([parameter], lr=1e-5, fused=True)
        self.row("adamw (float)", str(n), 0, 28 * n, optimizer.step)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kernels = ["gemm", "attention", "softmax", "layer_norm", "gelu", "dropout_add_layer_norm", "embeddings", "cross_entropy",
               "bce", "adamw"]
    parser.add_argument("--kernel", nargs="+", choices=kernels, default=kernels)
    parser.add_argument("--dtype", choices=DTYPES, default="fp32")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seconds", type=float, default=0.5)
    for name, value in {"tokens": 1280, "hidden": 768, "heads": 12, "batch": 32, "seqlen": 0, "vocabulary": 30522}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    bench = Bench(options)
    print(f"PyTorch {torch.__version__}, {options.device}\n\n| kernel | sizes | type | ms | rate |\n|---|---|---|---|---|")
    for kernel in options.kernel:
        getattr(bench, kernel)()


if __name__ == "__main__":
    main()
