"""The work of inference.cpp in PyTorch and transformers, or in ONNX Runtime. One JSON object on one line.

    inference.py --precision fp32|bf16 --attention eager|sdpa [--autocast] [--compile] [--threads 2] --batch 1 --steps 200
    inference.py --engine onnxruntime ...        (fp32; needs onnx, onnxscript and onnxruntime)

bf16 is model.bfloat16(), or with --autocast a model in fp32 under torch.autocast.
"""
import pathlib
import tempfile
import time
import warnings

import torch

import bert_workload


def torch_call(model, options):
    """A function from a batch to logits on the CPU."""
    if options.precision == "bf16" and not options.autocast:
        model = model.bfloat16()
    call = bert_workload.compiled(model, options)
    autocast = torch.autocast(torch.device(options.device).type, torch.bfloat16, enabled=options.autocast)

    def run(batch):
        with torch.inference_mode(), autocast:
            return call(**{name: tensor.to(options.device) for name, tensor in batch.items()}).logits.cpu()
    return run


class LogitsOfBatch(torch.nn.Module):
    """What is exported: ids and mask by position, logits alone."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def onnx_call(model, options):
    """The same by ONNX Runtime on the CPU, from a file that torch.onnx wrote for any batch and length."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = str(pathlib.Path(folder) / "model.onnx")
        sizes = {0: torch.export.Dim("batch", min=1, max=1024), 1: torch.export.Dim("tokens", min=2, max=512)}
        ids = torch.randint(options.vocab, (2, 16))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(LogitsOfBatch(model), (ids, torch.ones_like(ids)), path, dynamo=True, verbose=False,
                              input_names=["input_ids", "attention_mask"], output_names=["logits"],
                              dynamic_shapes={"input_ids": sizes, "attention_mask": sizes})
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads or torch.get_num_threads()
        settings.log_severity_level = 3
        session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    return lambda batch: torch.from_numpy(session.run(None, {name: x.numpy() for name, x in batch.items()})[0])


def main():
    parser = bert_workload.parser(__doc__)
    parser.add_argument("--engine", choices=["torch", "onnxruntime"], default="torch")
    parser.add_argument("--autocast", action="store_true")
    options = parser.parse_args()
    onnx = options.engine == "onnxruntime"
    if onnx and (options.precision != "fp32" or options.compile):
        parser.error("--engine onnxruntime is for fp32, without --compile")
    if options.autocast and options.precision != "bf16":
        parser.error("--autocast is for --precision bf16")
    start_mb = bert_workload.prepare(options)
    model = bert_workload.make_model(options).eval()
    parameters = sum(p.numel() for p in model.parameters())
    call = onnx_call(model, options) if onnx else torch_call(model, options)
    batch, _ = bert_workload.make_batch(options, bert_workload.read_lengths(options), 0, labeled=False)
    difference = 0.0
    if onnx:  # the exported model is the model
        with torch.inference_mode():
            difference = (call(batch) - model(**batch).logits).abs().max().item()
        if not difference < 1e-3:
            raise SystemExit(f"the logits of ONNX Runtime are {difference} off PyTorch's")
        del model
    lengths = bert_workload.read_lengths(options)
    seconds, tokens = [], 0
    for step in range(options.warmup + options.steps):
        batch, real_tokens = bert_workload.make_batch(options, lengths, step, labeled=False)
        begin = time.perf_counter()
        last = call(batch)[0, 0].item()
        if step >= options.warmup:
            seconds.append(time.perf_counter() - begin)
            tokens += real_tokens
    if onnx:
        import onnxruntime
        who = f"ONNX Runtime {onnxruntime.__version__}"
    else:
        form = (" autocast" if options.autocast else "") + (" compiled" if options.compile else "")
        who = f"PyTorch {torch.__version__.split('+')[0]} {options.attention}{form}"
    bert_workload.print_result(who, "inference", options, seconds, tokens, parameters, start_mb, last_logit=round(last, 5))


if __name__ == "__main__":
    main()
