"""A person beside a base: words of their own, and corrections of the denoiser's attention.

    Family -> Persons
    with persons.speaking(words): prompts that were `spoken` mean that person
    with persons.drawing([adapter, None, ...]): each row of a batch is corrected by its own
    file -> read -> Adapter, Adapter -> written -> file                 BadModel WrongBase

Both are gone when the block ends: nothing of anybody is left in the base. Corrections are LoRA (Hu
et al. 2021) by peft; words are textual inversion (Gal et al. 2022). In a file, and in an `Adapter`:
`words.<encoder>` (WORDS, width), and for each corrected layer `<layer>.lora_A.weight` (rank, in)
and `<layer>.lora_B.weight` (out, rank).
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig
from peft.tuners.lora import LoraLayer
from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.numpy import load, save
from torch import Tensor

from printroom.core.errors import BadModel, WrongBase
from printroom.runtimes.diffusion.families import Family
from printroom.runtimes.generation import PERSON, Adapter

WORDS = 4
"""Words that a person is."""
RANK = 4
LAYERS = ("to_q", "to_k", "to_v", "to_out.0")
"""Of attention, which is what is corrected."""
LARGEST = 64 * 2**20
"""Bytes of a file."""
_NAMES = [f"<printroom-person-{number}>" for number in range(WORDS)]
_BASE = "__base__"
"""What peft calls a row without corrections."""


class Persons:
    """Who draws with a base at the moment: nobody, but within the blocks."""

    def __init__(self, family: Family, base: str) -> None:
        """Teaches the tokenizers words that mean nothing yet."""
        self.family, self.base = family, base
        self._rows: list[Tensor] = []
        for tokenizer, encoder in family.readers:
            tokenizer.add_tokens(_NAMES)
            before = encoder.get_input_embeddings().weight
            encoder.resize_token_embeddings(len(tokenizer), mean_resizing=False)
            weight = encoder.get_input_embeddings().weight
            self._rows.append(torch.tensor(tokenizer.convert_tokens_to_ids(_NAMES)))
            with torch.no_grad():
                weight[self._rows[-1]] = before.mean(0)
            encoder.requires_grad_(False)
            for module in encoder.modules():  # old folders: else the last of our words is the end
                if getattr(module, "eos_token_id", None) == 2:
                    module.eos_token_id = tokenizer.eos_token_id
        family.denoiser.requires_grad_(False)

    @staticmethod
    def spoken(prompt: str) -> str:
        """The prompt with the person's words before the first `PERSON`, or behind all."""
        before, found, after = prompt.partition(PERSON)
        words = "".join(_NAMES)
        return f"{before}{words} {PERSON}{after}" if found else f"{prompt}, {words} {PERSON}"

    def embeddings(self) -> list[Any]:
        """The tables of words, one for each encoder."""
        return [encoder.get_input_embeddings() for _, encoder in self.family.readers]

    @contextmanager
    def speaking(self, words: Sequence[Tensor]) -> Iterator[None]:
        """What the person's words mean, while the block lasts: (WORDS, width) for each encoder;
        none = there is nobody. Gradients come to `words`.
        """
        hooks = [
            table.register_forward_hook(_Meaning(rows, one))
            for table, rows, one in zip(self.embeddings(), self._rows, words, strict=bool(words))
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def meanings(self, adapter: Adapter) -> list[Tensor]:
        """The words of an adapter, where the encoders are."""
        like = [table.weight for table in self.embeddings()]
        found = [torch.from_numpy(adapter.arrays[f"words.{n}"]) for n in range(len(like))]
        return [one.to(weight) for one, weight in zip(found, like, strict=True)]

    @contextmanager
    def drawing(self, adapters: Sequence[Adapter | None]) -> Iterator[None]:
        """Rows of batches are corrected, each by its own; where there are several times as many
        rows, as with guidance, all of them come again in this order.
        """
        denoiser = self.family.denoiser
        names = [_BASE if one is None or not one.rank else one.digest[7:23] for one in adapters]
        several = {name: one for name, one in zip(names, adapters, strict=True) if one is not None}
        hooks: list[Any] = []
        try:
            for name, one in several.items():
                if name != _BASE:
                    self.correct(name, _lora(one.arrays), one.rank)
            if denoiser_is_corrected(denoiser):
                hooks = [
                    layer.register_forward_pre_hook(_Rows(names), with_kwargs=True)
                    for layer in layers_of(denoiser)
                ]
            yield
        finally:
            for hook in hooks:
                hook.remove()
            self.leave()

    def correct(self, name: str, arrays: Mapping[str, Any] | None, rank: int) -> None:
        """Add corrections: those of `arrays`, or new ones that do nothing yet."""
        denoiser = self.family.denoiser
        config = LoraConfig(
            r=rank, lora_alpha=rank, target_modules=list(LAYERS), init_lora_weights="gaussian"
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Already found a `peft_config`")  # as is meant
            denoiser.add_adapter(config, adapter_name=name)
        if arrays is not None:
            tensors = {key: torch.from_numpy(value) for key, value in arrays.items()}
            found = set_peft_model_state_dict(denoiser, tensors, adapter_name=name)
            if found.unexpected_keys:
                raise BadModel(f"the base has no layer {found.unexpected_keys[0]}", "train again")
        denoiser.to(denoiser.device)

    def corrections(self, name: str) -> dict[str, Tensor]:
        """What is corrected by `name`, as in files."""
        found: dict[str, Tensor] = get_peft_model_state_dict(
            self.family.denoiser, adapter_name=name
        )
        return found

    def leave(self) -> None:
        """The denoiser is the base again, to the last bit."""
        if denoiser_is_corrected(self.family.denoiser):
            self.family.denoiser.unload_lora()

    def written(self, words: Sequence[Tensor], lora: Mapping[str, Tensor], rank: int) -> bytes:
        """The file of a person."""
        arrays = {f"words.{number}": one for number, one in enumerate(words)} | dict(lora)
        halves = {
            name: one.detach().cpu().to(torch.float16).numpy() for name, one in arrays.items()
        }
        about = {"format": "printroom/person", "base": self.base, "rank": str(rank)}
        data: bytes = save(halves, about)
        return data

    def read(self, file: bytes | Path) -> Adapter:
        """Raises WrongBase for another base's, BadModel for what is no such file."""
        data = file if isinstance(file, bytes) else _limited(file)
        about = _about(data)
        if about.get("base") != self.base:
            theirs = about.get("base", "none")[:80]
            raise WrongBase(f"the person was learnt on {theirs}, not on {self.base}", "train again")
        try:
            halves = load(data)
            rank = int(about.get("rank", ""))
        except (SafetensorError, ValueError) as error:
            raise BadModel(f"the file is no person: {error}", "train again") from None
        self._check(halves, rank)
        arrays = {name: one.astype(np.float32) for name, one in halves.items()}
        return Adapter(self.base, f"sha256:{hashlib.sha256(data).hexdigest()}", rank, arrays)

    def _check(self, halves: Mapping[str, Any], rank: int) -> None:
        """Raises BadModel where names, types or shapes are others than the base's."""
        wanted = {
            f"words.{number}": (WORDS, table.weight.shape[1])
            for number, table in enumerate(self.embeddings())
        }
        if rank:
            for name, layer in corrected(self.family.denoiser):
                wanted[f"{name}.lora_A.weight"] = (rank, layer.in_features)
                wanted[f"{name}.lora_B.weight"] = (layer.out_features, rank)
        shapes = {name: one.shape for name, one in halves.items()}
        if not 0 <= rank <= 64 or shapes != wanted:
            odd = sorted(set(shapes.items()) ^ set(wanted.items()))[:1]
            raise BadModel(f"the file does not fit the base: {odd}", "train again")
        if any(one.dtype != np.float16 or not np.isfinite(one).all() for one in halves.values()):
            raise BadModel("the file has numbers that are none", "train again")


class _Meaning:
    """Puts a person's words where the table has those that mean nothing."""

    def __init__(self, rows: Tensor, words: Tensor) -> None:
        self._rows, self._words = rows, words

    def __call__(self, _table: Any, given: Any, result: Tensor) -> Tensor:
        tokens = given[0]
        for row, word in zip(self._rows.tolist(), self._words, strict=True):
            result = torch.where((tokens == row)[..., None], word.to(result.dtype), result)
        return result


class _Rows:
    """Tells a corrected layer whose each row is."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def __call__(self, _layer: Any, given: Any, named: dict[str, Any]) -> tuple[Any, Any]:
        times = len(given[0]) // len(self._names)
        return given, named | {"adapter_names": self._names * times}


def layers_of(denoiser: Any) -> list[Any]:
    """The corrected layers."""
    return [module for module in denoiser.modules() if isinstance(module, LoraLayer)]


def denoiser_is_corrected(denoiser: Any) -> bool:
    """Whether there are any."""
    return any(isinstance(module, LoraLayer) for module in denoiser.modules())


def corrected(denoiser: Any) -> list[tuple[str, Any]]:
    """Layers that would be, of a base, and their names."""
    return [
        (name, module)
        for name, module in denoiser.named_modules()
        if name.endswith(tuple(f".{layer}" for layer in LAYERS))
        and isinstance(module, torch.nn.Linear)
    ]


def _lora(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in arrays.items() if not name.startswith("words.")}


def _limited(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise BadModel(f"{path.name} is too large for a person", "train again")
    return path.read_bytes()


def _about(data: bytes) -> dict[str, str]:
    """The words at the head of a file. Raises BadModel."""
    length = int.from_bytes(data[:8], "little")
    if len(data) > LARGEST or not 2 <= length <= min(len(data) - 8, 2**20):
        raise BadModel("the file is no person", "train again")
    try:
        head = json.loads(data[8 : 8 + length])
        about = head.get("__metadata__", {})
    except (ValueError, AttributeError):
        raise BadModel("the file is no person", "train again") from None
    return {str(name): str(value) for name, value in about.items()}
