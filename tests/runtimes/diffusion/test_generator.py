"""Folders of diffusers learn people: on the smallest models of each kind, of random weights."""

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="the extra `diffusers` is not installed")

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.numpy import load, save
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
)

from printroom.core.errors import BadModel, BadOption, NotFound, WrongBase
from printroom.runtimes.diffusion.generator import DiffusionGenerator
from printroom.runtimes.diffusion.lessons import Plan
from printroom.runtimes.generation import Asked

PLAN = Plan(words=4, corrections=4, replayed=1, before=1, drawing=1, save_every=2, rate=0.05)
PLAIN = Asked("a photo of a person", None, seed=7, steps=3)


class Stopped(Exception):
    """The training is asked to end."""


WIDTH = 16


def tokenizer(folder):
    """Of single letters."""
    folder.mkdir(parents=True)
    letters = [chr(code) for code in range(33, 127)]
    tokens = [
        *letters,
        *(f"{letter}</w>" for letter in letters),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    (folder / "vocab.json").write_text(json.dumps({token: n for n, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77
    )


def encoder(kind, count):
    """Of `count` tokens."""
    return kind(
        CLIPTextConfig(
            vocab_size=count, hidden_size=WIDTH, intermediate_size=WIDTH, num_hidden_layers=2,
            num_attention_heads=2, projection_dim=WIDTH, bos_token_id=count - 2,
            eos_token_id=count - 1, pad_token_id=count - 1,
        )
    ).eval()  # fmt: skip


def vae(latents):
    """That halves each side."""
    return AutoencoderKL(
        block_out_channels=(8, 8), layers_per_block=1, latent_channels=latents, norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        sample_size=16,
        shift_factor=0.1,
    ).eval()  # fmt: skip


def unet(width, **more):
    """Two levels, with attention at the lower one."""
    return UNet2DConditionModel(
        sample_size=8, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4,
        attention_head_dim=4, cross_attention_dim=width,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), **more,
    ).eval()  # fmt: skip


def stable(folder):
    """SD."""
    words = tokenizer(folder / "words")
    return StableDiffusionPipeline(
        vae=vae(4), text_encoder=encoder(CLIPTextModel, len(words)), tokenizer=words,
        unet=unet(WIDTH),
        scheduler=DDIMScheduler(num_train_timesteps=50, steps_offset=1, clip_sample=False),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def larger(folder):
    """SDXL."""
    first, second = tokenizer(folder / "words"), tokenizer(folder / "words2")
    sized = {"addition_embed_type": "text_time", "addition_time_embed_dim": 4}
    return StableDiffusionXLPipeline(
        vae=vae(4),
        text_encoder=encoder(CLIPTextModel, len(first)),
        text_encoder_2=encoder(CLIPTextModelWithProjection, len(second)),
        tokenizer=first,
        tokenizer_2=second,
        unet=unet(2 * WIDTH, projection_class_embeddings_input_dim=WIDTH + 6 * 4, **sized),
        scheduler=DDIMScheduler(
            num_train_timesteps=50,
            steps_offset=1,
            clip_sample=False,
            prediction_type="v_prediction",
        ),
    )


def flux(folder):
    """FLUX."""
    first = tokenizer(folder / "words")
    vocabulary = {"<pad>": 0, "</s>": 1, "<unk>": 2, "person": 3, "photo": 4}
    plain = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    second = PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        model_max_length=32,
    )  # fmt: skip
    reader = T5EncoderModel(
        T5Config(vocab_size=8, d_model=WIDTH, d_ff=WIDTH, d_kv=8, num_layers=1, num_heads=2)
    ).eval()
    return FluxPipeline(
        vae=vae(4),
        text_encoder=encoder(CLIPTextModel, len(first)),
        text_encoder_2=reader,
        tokenizer=first,
        tokenizer_2=second,
        transformer=FluxTransformer2DModel(
            in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
            num_attention_heads=2, joint_attention_dim=WIDTH, pooled_projection_dim=WIDTH,
            axes_dims_rope=(4, 4, 8), guidance_embeds=True,
        ).eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
    )  # fmt: skip


KINDS = {"stable": stable, "larger": larger, "flux": flux}


def made(kind, folder):
    """A folder of that kind."""
    torch.manual_seed(3)
    pipe = KINDS[kind](folder / "parts")
    pipe.save_pretrained(folder / kind)
    return folder / kind


@pytest.fixture(scope="module", params=KINDS)
def folder(request, tmp_path_factory):
    return made(request.param, tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def generator(folder):
    made = DiffusionGenerator(folder, plan=PLAN, size=16)
    yield made
    made.close()


def portraits(seed):
    random = np.random.default_rng(seed)
    low = random.integers(0, 256, (3, 4, 5, 3), np.uint8)
    return list(low.repeat(6, 1).repeat(6, 2))


@pytest.fixture(scope="module")
def people(generator):
    """Two people, as files."""
    return [generator.personalise(portraits(seed), seed=seed) for seed in (1, 2)]


def test_each_in_a_batch_is_drawn_as_alone_and_nothing_stays(generator, people):
    before = generator.generate([PLAIN])[0]
    first, second = (generator.load(file) for file in people)
    asked = [
        replace(PLAIN, adapter=first),
        PLAIN,
        replace(PLAIN, adapter=second, style="comic"),
        replace(PLAIN, adapter=first, seed=8),
    ]
    together = generator.generate(asked)
    for one, picture in zip(asked, together, strict=True):
        alone = generator.generate([one])[0]
        assert picture.shape == (generator.size, generator.size, 3)
        assert np.abs(picture.astype(int) - alone).max() <= 1
    assert np.abs(together[1].astype(int) - before).max() <= 1
    assert (together[0] != before).any()
    assert (together[0] != together[2]).any()
    assert (generator.generate([PLAIN])[0] == before).all()


def test_a_training_that_was_stopped_ends_as_one_that_was_not(generator, people, tmp_path):
    path = tmp_path / "checkpoint.pt"
    for most in (3, 4, 7):
        calls = []

        def told(done, what, calls=calls, most=most):
            assert 0 <= done <= 1
            calls.append(what)
            if len(calls) > most:
                raise Stopped

        with pytest.raises(Stopped):
            generator.personalise(portraits(1), seed=1, told=told, checkpoint=path)
        assert path.exists()
    file = generator.personalise(portraits(1), seed=1, checkpoint=path)
    assert not path.exists()
    whole, broken = load(people[0]), load(file)
    assert whole.keys() == broken.keys()
    for name, one in whole.items():
        assert np.array_equal(one, broken[name]), name


def test_what_does_not_fit_is_refused(generator, people, tmp_path):
    head = {"format": "printroom/person", "rank": "4"}
    arrays = load(people[0])
    with pytest.raises(WrongBase, match="train again"):
        generator.load(save(arrays, head | {"base": "sha256:other"}))
    right = head | {"base": generator.base}
    name = next(name for name in arrays if "lora_A" in name)
    for wrong in (
        {**arrays, name: arrays[name][:, :-1]},
        {**arrays, name: arrays[name].astype(np.float32)},
        {**arrays, name: np.full_like(arrays[name], np.nan)},
        {one: value for one, value in arrays.items() if one != name},
    ):
        with pytest.raises(BadModel):
            generator.load(save(wrong, right))
    for data in (b"", b"\xff" * 40, people[0][:200]):
        with pytest.raises(BadModel):
            generator.load(data)
    other = replace(generator.load(people[0]), base="sha256:other")
    with pytest.raises(WrongBase):
        generator.generate([replace(PLAIN, adapter=other)])
    for wrong in (
        replace(PLAIN, style="cubist"),
        replace(PLAIN, seed=-1),
        replace(PLAIN, steps=0),
    ):
        with pytest.raises(BadOption):
            generator.generate([wrong])
    with pytest.raises(BadOption):
        generator.personalise([])
    with pytest.raises(NotFound):
        DiffusionGenerator(tmp_path)
    (tmp_path / "model_index.json").write_text('{"_class_name": "DDPMPipeline"}')
    with pytest.raises(BadModel):
        DiffusionGenerator(tmp_path)
