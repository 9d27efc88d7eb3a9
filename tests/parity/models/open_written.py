"""open_written.py FOLDER INPUTS OUT: opens a folder as users do, and prints as JSON everything that was said meanwhile.

Runs in any transformers of 4.x and 5.x. Writes the logits of the inputs to OUT.
"""

import contextlib
import io
import json
import logging
import sys
import warnings

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification

folder, inputs, out = sys.argv[1:4]
said = []


class Listener(logging.Handler):
    def emit(self, record):
        said.append(record.getMessage())


transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.get_logger()  # sets the root logger up
root = logging.getLogger("transformers")
root.handlers = [Listener(logging.WARNING)]
with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stderr(io.StringIO()) as stderr:
    warnings.simplefilter("always")
    stored, info = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        logits = model(**load_file(inputs)).logits
said += [str(w.message) for w in caught] + ([stderr.getvalue()] if stderr.getvalue() else [])
save_file({"logits": logits}, out)
config = stored.config.to_dict()
written = json.load(open(f"{folder}/config.json", encoding="utf-8"))
print(json.dumps({
    "said": said, "info": sum(len(v) for v in info.values()), "class": type(stored).__name__,
    "transformers": transformers.__version__, "dtype": written["dtype"],
    "id2label": {str(k): v for k, v in config["id2label"].items()},
    **{k: config[k] for k in ("label2id", "problem_type", "own_field", "pooler_type")},
}))
