"""An adapter in, the README of its sentence-transformers export out: what it holds and a snippet that runs."""

from mangaassist.adapter.ladder import Adapter

_SNIPPET = '''\
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import InputModule

adapter = SentenceTransformer(".", device="cpu", local_files_only=True)  # this folder


def base_vectors(texts):
    """Your encoder's vectors, (n, {dimension}) float32, unit length; these stand in for them."""
    return torch.nn.functional.normalize(torch.ones(len(texts), {dimension}))


# Vectors that you have already:
with torch.inference_mode():
    queries = adapter({{"sentence_embedding": base_vectors(["a query"])}}, task="query")["sentence_embedding"]


# Texts, behind your encoder as the first module:
class YourEncoder(InputModule):
    def preprocess(self, inputs, prompt=None, **kwargs):
        return {{"sentence_embedding": base_vectors(inputs)}}

    def forward(self, features):
        return features

    def save(self, output_path, *args, **kwargs):
        """Nothing of its own to keep."""


model = SentenceTransformer(modules=[YourEncoder(), *adapter], device="cpu")
query_vectors = model.encode_query(["a query"])
document_vectors = model.encode_document(["a document"])
'''


def usage(adapter: Adapter, *, release: str, encoder_id: str) -> str:
    """The README of the folder; its snippet runs with the folder as the present one."""
    sides = (
        "One map serves queries and documents."
        if adapter.is_tied
        else "Queries and documents have a map each, behind a Router without a default: say which side a text is "
        "(`encode_query`, `encode_document`), or it is an error."
    )
    return (
        f"# Retrieval adapter {release}, rung {adapter.rung}, as sentence-transformers modules\n\n"
        f"Maps {adapter.dimension}-d vectors of the encoder `{encoder_id}`, unit length, and of no other, to adapted "
        f"vectors of unit length. {sides} Every module is a stock one, so no `trust_remote_code`.\n\n"
        "No stock module takes vectors in, so this folder is the part after the encoder: call it on vectors, or put "
        "your encoder in front of it.\n\n"
        f"```python\n{_SNIPPET.format(dimension=adapter.dimension)}```\n\n"
        "A vector that the map sends to exactly zero stays zero here; the adapter itself, and its ONNX export, keep "
        "the base vector then.\n"
    )
