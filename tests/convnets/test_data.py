"""The data sets of part 2: what is read, what is kept, what is refused, and what augmentation does to a batch."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn import make_images
from homework import COURSE
from PIL import Image

from autograder.course import datasets

data = datasets.given(COURSE, "data")
images = datasets.given(COURSE, "images")
config = datasets.given(COURSE, "config")
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """A folder of 60 training and 30 test images, six and three of each class."""
    return make_images(tmp_path_factory.mktemp("drawn"), train=60, test=30)


@pytest.fixture
def folder(drawn: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return shutil.copytree(drawn, tmp_path / "images")


def pack(folder: Path, path: Path, mode: str = "w:xz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        archive.add(folder, "cifar")
    return path


def load(path: Path, cache: Path):
    return data.load_dataset(f"images:{path}", cache)


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tar.xz"])
def test_a_folder_and_its_archive_hold_the_same_images(folder: Path, tmp_path: Path, suffix: str) -> None:
    mode = "w" if suffix == "tar" else "w:" + suffix.removeprefix("tar.")
    one, other = load(folder, tmp_path), load(pack(folder, tmp_path / f"a.{suffix}", mode), tmp_path)
    assert one.classes == other.classes == tuple(sorted(path.name for path in (folder / "train").iterdir()))
    for split in ("train", "test"):
        assert torch.equal(getattr(one, split).images, getattr(other, split).images)
        assert torch.equal(getattr(one, split).labels, getattr(other, split).labels)
    assert one.train.images.shape == (60, 3, 32, 32)
    assert one.train.images.is_contiguous(memory_format=torch.channels_last)
    first = min((folder / "test" / one.classes[0]).iterdir())
    assert np.array_equal(one.test.images[0].permute(1, 2, 0), np.asarray(Image.open(first)))


def test_the_cache_is_used_until_an_image_changes(folder: Path, tmp_path: Path) -> None:
    before = load(folder, tmp_path).test.images.clone()
    (cache,) = (tmp_path / "cache").iterdir()
    with np.load(cache) as stored:
        arrays = dict(stored)
    np.savez(cache, **{**arrays, "test_images": 255 - arrays["test_images"]})
    assert torch.equal(load(folder, tmp_path).test.images, 255 - before), "it is what the cache holds"

    image = min(folder.glob("test/*/*.png"))
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(image)
    os.utime(image, (2e9, 2e9))
    again = load(folder, tmp_path).test.images
    assert not again[0].any()
    assert torch.equal(again[1:], before[1:])


def test_a_damaged_cache_is_written_again(folder: Path, tmp_path: Path) -> None:
    before = load(folder, tmp_path).train.images.clone()
    (cache,) = (tmp_path / "cache").iterdir()
    whole = cache.read_bytes()
    cache.write_bytes(whole[: len(whole) // 2])
    assert torch.equal(load(folder, tmp_path).train.images, before)
    assert len(cache.read_bytes()) == len(whole)


def nothing(folder: Path) -> Path:
    shutil.rmtree(folder)
    return folder


def empty(folder: Path) -> Path:
    shutil.rmtree(folder / "test")
    return folder


def other_names(folder: Path) -> Path:
    (folder / "test" / "star").rename(folder / "test" / "quadrat")
    return folder


def nine(folder: Path) -> Path:
    for split in ("train", "test"):
        shutil.rmtree(folder / split / "star")
    return folder


def large(folder: Path) -> Path:
    Image.new("RGB", (64, 48)).save(folder / "train" / "star" / "0.png")
    return folder


def no_image(folder: Path) -> Path:
    (folder / "train" / "star" / "0.png").write_text("<html>404</html>")
    return folder


def cut(folder: Path) -> Path:
    archive = pack(folder, folder.with_suffix(".tar.gz"), "w:gz")
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    return archive


def no_archive(folder: Path) -> Path:
    path = folder.with_suffix(".tar")
    path.write_bytes(b"PK\3\4" + bytes(2000))
    return path


REFUSED = {
    nothing: r"^there is no \S+images: images:PATH needs a folder or a tar archive with train/ and test/$",
    empty: r"images holds no images as test/<class>/<image>$",
    other_names: r"images: class 'star' is in train/ but not in test/$",
    nine: r"images has 9 classes, expected 10$",
    large: r"^train/star/0.png is 64 x 48 pixels, expected 32 x 32$",
    no_image: r"^train/star/0.png is no image that Pillow can read$",
    cut: r"images.tar.gz is damaged or cut short after \d+ images: fetch it again$",
    no_archive: r"images.tar is neither a folder nor a whole tar archive$",
}


@pytest.mark.parametrize("spoil", REFUSED, ids=lambda spoil: spoil.__name__)
def test_what_cannot_be_read_is_refused_in_one_sentence(folder: Path, tmp_path: Path, spoil) -> None:
    with pytest.raises(images.DataError, match=REFUSED[spoil]):
        load(spoil(folder), tmp_path)


def test_without_cifar_10_the_sentence_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(
        images.DataError, match=r"^there is no CIFAR-10 in \S+: run make data, or use shapes or images:"
    ):
        data.load_dataset("cifar10", tmp_path)
    with pytest.raises(images.DataError, match=r"^there is no data set 'cifar': use cifar10, shapes or images:PATH$"):
        data.load_dataset("cifar", tmp_path)


def test_a_tenth_validates_and_is_the_same_in_every_run() -> None:
    split = data.Split(torch.arange(1000)[:, None, None, None].expand(1000, 3, 32, 32), torch.arange(1000))
    (train, valid), (again, _) = data.train_valid_split(split), data.train_valid_split(split)
    assert (len(train), len(valid)) == (900, 100)
    assert sorted([*train.labels.tolist(), *valid.labels.tolist()]) == list(range(1000))
    assert torch.equal(train.labels, again.labels)


@pytest.fixture
def batch() -> torch.Tensor:
    return torch.randint(0, 256, (40, 3, 32, 32), dtype=torch.uint8).to(memory_format=torch.channels_last)


def test_a_shift_is_a_crop_of_the_mirrored_frame(batch: torch.Tensor) -> None:
    moved = data.random_shift(batch, 2).numpy()
    framed = np.pad(batch.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)), mode="reflect")
    places = set()
    for image, frame in zip(moved, framed, strict=True):
        found = [(i, j) for i in range(5) for j in range(5) if np.array_equal(image, frame[:, i : i + 32, j : j + 32])]
        assert len(found) == 1
        places.add(found[0])
    assert len(places) > 10


def test_cutout_blanks_one_square(batch: torch.Tensor) -> None:
    blank = (data.random_cutout(batch, 8) == 127) & (batch != 127)
    rows, columns = blank.any(dim=1).any(dim=2).sum(dim=1), blank.any(dim=1).any(dim=1).sum(dim=1)
    assert rows.max() == columns.max() == 8
    assert rows.min() >= 1
    assert ((rows * columns - blank.any(dim=1).sum(dim=(1, 2))).abs() <= 1).all(), "a square, but for what was 127"


def test_scaled_down_images_are_those_of_pillow(batch: torch.Tensor) -> None:
    small = data.scale_down(batch, 24)
    assert small.dtype == torch.uint8
    for found, image in zip(small, batch, strict=True):
        resized = Image.fromarray(image.permute(1, 2, 0).numpy()).resize((24, 24), Image.Resampling.BILINEAR)
        assert np.abs(np.asarray(resized, int) - found.permute(1, 2, 0).numpy().astype(int)).max() <= 1


@pytest.fixture(scope="module")
def drawn_set(drawn: Path, tmp_path_factory):
    return load(drawn, tmp_path_factory.mktemp("cache"))


def test_batches_are_normalised_and_hold_every_image_once(drawn_set) -> None:
    loader = data.make_loaders(drawn_set, config.Config("my_model", batch_size=16), CPU)["train"]
    batches = list(loader)
    assert [len(labels) for _, labels in batches] == [16, 16, 16, 6]
    assert len(loader) == 4
    train, _ = data.train_valid_split(drawn_set.train)
    mean, deviation = (np.array(constants)[:, None, None] for constants in (drawn_set.mean, drawn_set.deviation))
    expected = (train.images.numpy() / 255 - mean) / deviation
    seen = torch.cat([images for images, _ in batches]).numpy()
    assert seen.dtype == np.float32
    assert np.allclose(np.sort(seen.sum(axis=(1, 2, 3))), np.sort(expected.sum(axis=(1, 2, 3))), atol=1e-2)


def test_each_image_is_mirrored_in_every_second_epoch_half_of_them_in_the_first(drawn_set) -> None:
    def loader(flip: bool) -> data.Loader:
        train = data.make_loaders(drawn_set, config.Config("my_model", batch_size=16, flip=flip), CPU)["train"]
        train.shuffle = False
        return train

    images = torch.cat([batch for batch, _ in loader(flip=False)])
    flipped = loader(flip=True)
    epochs = [torch.cat([batch for batch, _ in flipped]) for _ in range(3)]
    first, second, third = (
        [torch.equal(new, old.flip(2)) for new, old in zip(seen, images, strict=True)] for seen in epochs
    )
    assert torch.equal(torch.where(torch.tensor(first)[:, None, None, None], images.flip(3), images), epochs[0])
    assert [not was for was in first] == second
    assert first == third
    assert 0.3 < np.mean(first) < 0.7


def test_the_first_steps_see_small_images_and_a_resumed_run_sees_what_it_would_have_seen(drawn_set) -> None:
    settings = config.Config("my_model", epochs=4, batch_size=16, crop=2, flip=True, small=0.4, small_side=20)
    torch.manual_seed(3)
    loader = data.make_loaders(drawn_set, settings, CPU)["train"]
    sides = [images.shape[-1] for images, _ in loader]
    state = torch.get_rng_state()
    rest = [images for _ in range(3) for images, _ in loader]
    assert [*sides, *(images.shape[-1] for images in rest)] == [20] * 6 + [32] * 10

    resumed = data.make_loaders(drawn_set, settings, CPU)["train"]
    resumed.epoch = 1
    torch.set_rng_state(state)
    again = [images for _ in range(3) for images, _ in resumed]
    assert all(torch.equal(one, other) for one, other in zip(rest, again, strict=True))
