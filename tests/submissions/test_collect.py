"""What people really hand in, by its names: what of it counts, and what is said of the rest."""

from __future__ import annotations

import time
from collections.abc import Mapping
from os import urandom

import pytest
from homework import COURSE
from trees import give, tree

from autograder.conformance.bad_zips import CODE, honest
from autograder.course.assignment import Limits

OTHER = b"x = 2\n"
REST = {"part2_pytorch/models.py": CODE, "part3_imbalance/losses.py": CODE, "checkpoints/my_model.pt": CODE}
P1 = {"part1_numpy/conv2d.py": CODE}


def below(folder: str, *files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Put files into one folder more."""
    return {f"{folder}/{name}": content for each in files for name, content in each.items()}


def at(*names: str, content: bytes = CODE) -> dict[str, bytes]:
    return dict.fromkeys(names, content)


# What is beyond doubt: files by the names under which they count, and the note.
TAKEN: dict[str, tuple[dict[str, bytes], set[str], str]] = {
    "one folder more": (at("part1_numpy/part1_numpy/conv2d.py") | REST, {*P1, *REST},
                        "part1_numpy is taken from part1_numpy/part1_numpy"),
    "one folder of another name more": (at("part1_numpy/src/conv2d.py", "part1_numpy/src/my/er.py"),
                                        {*P1, "part1_numpy/my/er.py"}, "part1_numpy is taken from part1_numpy/src"),
    "parts in a folder each": (below("a", P1) | below("b", REST), {*P1, *REST},
                               "part1_numpy is taken from a/part1_numpy"),
    "a part within another": (at("part1_numpy/conv2d.py", "part1_numpy/part2_pytorch/models.py"),
                              {*P1, "part1_numpy/part2_pytorch/models.py"},
                              "put the folder part1_numpy/part2_pytorch beside the other parts"),
    "flat files": (at("hw2/conv2d.py", "hw2/losses.py", "hw2/notes.txt"), {*P1, "part1_numpy/losses.py"},
                   "taken as files of part1_numpy, of which there is no folder: conv2d.py, losses.py"),
    "flat files of two parts": (at("conv2d.py", "metrics.py", "losses.py"), {*P1, "part3_imbalance/metrics.py"},
                                "not taken, as two parts have files of this name: losses.py"),
    "flat files beside a part": (REST | at("conv2d.py"), {*P1, *REST}, "taken as files of part1_numpy"),
    "a checkpoint at the top": (P1 | at("my_model.pt"), {*P1, "checkpoints/my_model.pt"},
                                "checkpoints/my_model.pt is taken from my_model.pt"),
    "checkpoints in checkpoints": (P1 | at("checkpoints/checkpoints/my_model.pt"), {*P1, "checkpoints/my_model.pt"},
                                   "checkpoints/my_model.pt is taken from checkpoints/checkpoints/my_model.pt"),
    "checkpoints in a part": (below("hw", P1) | at("hw/part2_pytorch/checkpoints/my_model.pt"),
                              {*P1, "checkpoints/my_model.pt"}, "is taken from hw/part2_pytorch/checkpoints/my_model"),
    "equal copies": (below("a", P1) | below("a/old", P1), {*P1}, "a/old/part1_numpy is the same as a/part1_numpy"),
    "GitHub's Download ZIP": (below("repo-main", P1, REST, at(".gitignore", "README.md", "autograder/cli.py")),
                              {*P1, *REST}, "ignored, as these are no part of a submission: repo-main/README.md"),
    "a handout in a folder of that name": (below("handout", P1, REST) | at("report.pdf"), {*P1, *REST}, "report.pdf"),
    "a handout with given files of ours": (P1 | REST | at("autograder/given/part1_numpy/conv2d.py", content=OTHER),
                                           {*P1, *REST}, "ignored, as these are no part of a submission: autograder/"),
    "a repository with a reference": (P1 | REST | at("reference/part1_numpy/conv2d.py", content=OTHER),
                                      {*P1, *REST}, "ignored, as these are no part of a submission: reference/"),
    "what training and building leave": (P1 | REST | at("runs/a.pt", "build/lib/part1_numpy/conv2d.py", "dist/a.zip",
                                                        content=OTHER), {*P1, *REST}, "runs/, build/, dist/"),
}  # fmt: skip

# Near names: what they say; nothing of it counts under the name that is missing.
SAID: dict[str, tuple[dict[str, bytes], str]] = {
    **{
        f"conv2d.py called {name}": (
            at("part1_numpy/linear.py", f"part1_numpy/{name}"),
            f"part1_numpy/conv2d.py is missing, part1_numpy/{name} is there: rename it to conv2d.py",
        )
        for name in ("conv2d (1).py", "Conv2D.py", "conv2d.py.py", "conv2d.txt", "conv2d.py.txt", "Copy of conv2d.py",
                     "conv2d_final.py", "conv2d - Copy (2).py", "my_conv2d.py", "convd2.py", "conv2d.py.bak")
    },
    "a notebook": (at("part1_numpy/linear.py", "part1_numpy/conv2d.ipynb"),
                   "part1_numpy/conv2d.ipynb is there: notebooks are not graded, save its code as conv2d.py"),
    "a part of notebooks": (at("part2_pytorch/models.py", "part1_numpy/conv2d.ipynb"),
                            "part1_numpy is not in the zip: notebooks are not graded, save their code as Python files"),
    "in the wrong part": (at("part1_numpy/linear.py", "part2_pytorch/conv2d.py"),
                          "conv2d.py is missing, part2_pytorch/conv2d.py is there: put it into part1_numpy/"),
    "beside the parts": (at("part1_numpy/linear.py", "conv2d.py"),
                         "part1_numpy/conv2d.py is missing, conv2d.py is there: put it into part1_numpy/"),
    "beside the parts, renamed": (at("part1_numpy/linear.py", "Conv2d (1).py"),
                                  "Conv2d (1).py is there: put it into part1_numpy/ as conv2d.py"),
    "the skeleton and a download": (P1 | at("part1_numpy/conv2d (1).py", content=OTHER),
                                    "part1_numpy/conv2d.py counts; part1_numpy/conv2d (1).py, which differs, does not"),
    "the skeleton and one folder more": (P1 | at("part1_numpy/part1_numpy/conv2d.py", content=OTHER),
                                         "conv2d.py counts; part1_numpy/part1_numpy/conv2d.py, which differs, counts"),
    "a second version": (P1 | at("part1_numpy/conv2d_final.py", content=OTHER),
                         "part1_numpy/conv2d_final.py, which differs, counts only where it is imported"),
    **{
        f"a part called {name}": (
            REST | at(f"{name}/conv2d.py"), f"part1_numpy is not in the zip: rename the folder {name} to part1_numpy"
        )
        for name in ("part1_numpy 2", "part1_numpy (1)", "Part1_NumPy", "part1-numpy", "Part 1")
    },
    "a part twice": (P1 | at("part1_numpy 2/conv2d.py", content=OTHER),
                     "part1_numpy counts, and what is in part1_numpy 2 not"),
    **{
        f"a checkpoint called {name}": (
            P1 | REST | at("checkpoints/vanilla_cnn.pt", f"checkpoints/{name}", content=OTHER),
            f"checkpoints/two_layer.pt is missing, checkpoints/{name} is there: rename it to two_layer.pt",
        )
        for name in ("TwoLayer.pt", "two_layer.pth", "two_layer (1).pt", "best.pt", "two-layer.ckpt", "epoch30.pt")
    },
    "a checkpoint in runs": (P1 | at("part2_pytorch/models.py", "runs/my_model/best.pt"),
                             "runs/my_model/best.pt is there: put it into checkpoints/ as my_model.pt"),
    "a checkpoint renamed at the top": (P1 | at("part2_pytorch/models.py", "MyModel.pt"),
                                        "MyModel.pt is there: put it into checkpoints/ as my_model.pt"),
    "a checkpoint elsewhere": (P1 | at("part2_pytorch/models.py", "weights/my_model.pt"),
                               "weights/my_model.pt is there: put it into checkpoints/"),
    "checkpoints nobody reads": (P1 | at("part2_pytorch/models.py", "checkpoints/a.pt", "checkpoints/b.pt"),
                                 "not read, as checkpoints are called two_layer.pt, vanilla_cnn.pt, my_model.pt: ch"),
    "a second checkpoint": (P1 | REST | at("checkpoints/my_model (1).pt", content=OTHER),
                            "checkpoints/my_model.pt counts; checkpoints/my_model (1).pt, which differs, does not"),
}  # fmt: skip

REFUSED: dict[str, tuple[dict[str, bytes], str]] = {
    "copies that differ": (below("old", P1) | below("new", at("part1_numpy/conv2d.py", content=OTHER)),
                           "the parts lie in different folders, new/part1_numpy and old/part1_numpy: put all of them"),
    "checkpoints that differ": (below("a", P1, at("checkpoints/my_model.pt"))
                                | below("b", REST | at("checkpoints/my_model.pt", content=OTHER)),
                                "a/checkpoints/my_model.pt and b/checkpoints/my_model.pt differ: leave one of th"),
    "other files": (at("hw2/a.py", "hw2/src/x.py"), "the zip holds hw2/a.py, hw2/src/: make one with `make submit`"),
    "a part in capitals": (at("hw2/Part1_Numpy/x.py"),
                           "holds hw2/Part1_Numpy/x.py; rename the folder Part1_Numpy to part1_numpy"),
    "a part with a dash": (at("part1-numpy/x.py", "a.py"),
                           "holds a.py, part1-numpy/; rename the folder part1-numpy to part1_numpy"),
    "a part with a blank": (at("part 2/x.py"), "rename the folder part 2 to part2_pytorch"),
    "notebooks only": (at("part1_numpy/all.ipynb"), "holds part1_numpy/all.ipynb; notebooks are not graded: save"),
    "one notebook": (at("hw2.ipynb"), "holds hw2.ipynb; notebooks are not graded: save their code as Python files in"),
    "a zip in a zip": (at("hw2.zip"), "the zip holds hw2.zip; a zip in a zip is not opened: hand in the inner one"),
    "a checkpoint only": (at("checkpoints/my_model.pt"), "the zip holds checkpoints/my_model.pt: make one"),
    "a file called like a part": (at("part1_numpy"), "the zip holds part1_numpy: make one"),
    "hidden files only": (at(".git/part1_numpy/x.py"), "the zip holds only hidden files: make one"),
    "thirty files": (at(*(f"{n:02}.py" for n in range(30))), "09.py and 20 more: make one"),
}  # fmt: skip


@pytest.mark.parametrize(("files", "kept", "note"), TAKEN.values(), ids=TAKEN)
def test_what_is_beyond_doubt_is_taken_with_a_note(files, kept, note, unpack) -> None:
    submission = unpack(honest(files))
    assert set(tree(submission.folder)) == kept
    assert all(content == CODE for content in tree(submission.folder).values())
    assert [text for text in submission.notes if note in text], submission.notes


def test_flat_files_with_those_that_are_given_are_taken_together(ours, unpack) -> None:
    give(ours.folder / "given", "part1_numpy/module.py", "part1_numpy/train.py")
    submission = unpack(honest(at("conv2d.py", "module.py", "train.py")))
    assert set(tree(submission.folder)) == {*P1, "part1_numpy/module.py", "part1_numpy/train.py"}
    assert any("no folder: module.py, train.py, conv2d.py" in note for note in submission.notes)


@pytest.mark.parametrize(("files", "note"), SAID.values(), ids=SAID)
def test_a_near_name_does_not_count_and_is_told_so(files, note, unpack) -> None:
    submission = unpack(honest(files))
    assert [text for text in submission.notes if note in text], submission.notes
    assert set(tree(submission.folder)) <= set(files), "nothing counts under another name"
    said = [text.partition(" is missing")[0] for text in submission.notes if " is missing" in text]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(("files", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_told_apart_is_refused_with_what_was_found(files, sentence, refusal) -> None:
    assert sentence in refusal(honest(files))


def test_missing_parts_are_noted_with_the_folder_that_was_probably_meant(unpack) -> None:
    files = ["a/part2_pytorch/x.py", "a/Part3/x.py", "a/Checkpoint/my_model.pt"]
    assert unpack(honest(dict.fromkeys(files, CODE))).notes == (
        "part1_numpy is not in the zip",
        "part3_imbalance is not in the zip: rename the folder Part3 to part3_imbalance",
        "no file checkpoints/*.pt is in the zip: rename the folder Checkpoint to checkpoints",
        "ignored, as these are no part of a submission: a/Part3/, a/Checkpoint/",
    )


def test_ignored_files_are_listed_the_closest_first_and_those_nobody_meant_last(unpack) -> None:
    junk = ["__MACOSX/x", "__MACOSX/y", ".DS_Store", "part1_numpy/.DS_Store", "data/a", "data/b"]
    names = [*junk, *[f"{n}.txt" for n in range(9)], "part1_numpy/all.ipynb", "part1_numpy/x.py"]
    assert unpack(honest(dict.fromkeys(names, CODE))).notes[-1] == (
        "ignored, as these are no part of a submission: part1_numpy/all.ipynb, "
        "0.txt, 1.txt, 2.txt, 3.txt, 4.txt, 5.txt, 6.txt, 7.txt, 8.txt and 4 more"
    )


def test_a_complete_submission_needs_no_note(unpack, reference) -> None:
    complete = {**reference, **REST, **{f"checkpoints/{name}": b"" for name in COURSE.layout.models}}
    assert unpack(honest(complete)).notes == ()


def test_what_nobody_meant_counts_towards_no_limit(unpack) -> None:
    packages = {f"hw2/.venv/lib/python3.11/{n}.py": b"" for n in range(3000)}
    deep = {f"hw2/.git/{'d/' * 14}x": b"", f"hw2/node_modules/{'n' * 300}": b""}
    assert tree(unpack(honest(below("hw2", P1) | packages | deep)).folder) == P1


def test_names_that_take_long_to_compare_are_compared_once(unpack, reference) -> None:
    parts = {name: content for name, content in reference.items() if name.startswith("part1_numpy/")}
    hard = at(*(f"part1_numpy/{number:04}{'-' * 190}a.py" for number in range(1000)))
    began = time.process_time()
    unpack(honest(parts | hard))
    assert time.process_time() - began < 6  # 1.5; once for each pair of names, 17


def test_a_zip_too_large_names_its_largest_folders_and_which_of_them_nobody_grades(refusal) -> None:
    noise = {f"hw2/{name}": urandom(size * 1000) for name, size in {
        "data/a.bin": 300, "data/b.bin": 400, ".venv/pyvenv.cfg": 900, "checkpoints/my_model.pt": 200, "x/a.pdf": 60,
    }.items()}  # fmt: skip
    assert refusal(honest(noise | below("hw2", P1)), Limits(zip_megabytes=1)) == (
        "the zip has 1.9 MB, at most 1 MB are accepted; the biggest: hw2/.venv/ (0.9 MB), hw2/data/ (0.7 MB), "
        "hw2/checkpoints/my_model.pt (0.2 MB), hw2/x/ (0.1 MB): "
        "leave out hw2/.venv/, hw2/data/, which nobody grades"
    )


@pytest.mark.parametrize("control", ["\u202e", "\u2066", "\u202a"])
def test_bidirectional_control_characters_are_named_with_their_line(control, unpack) -> None:
    files = {"part1_numpy/conv2d.py": f"x = 1\nadmin = 'no{control}'  # yes\n".encode()}
    assert (
        f"part1_numpy/conv2d.py:2 has the control character U+{ord(control):04X}, by which an editor shows"
        in (unpack(honest(files)).notes[-1])
    )


MANY = {
    "control characters": {f"part1_numpy/{number}.py": "# \u202e".encode() for number in range(300)},
    "equal copies": {f"{number:03}/part1_numpy/conv2d.py": CODE for number in range(300)},
}


@pytest.mark.parametrize("case", MANY)
def test_of_many_sentences_of_one_kind_the_first_are_said(case, unpack) -> None:
    notes = [note for note in unpack(honest(MANY[case])).notes if "is not in the zip" not in note]
    assert len(notes) <= 8
    assert any(note.startswith("and 29") for note in notes)


def test_text_from_right_to_left_is_no_control_character(unpack) -> None:
    files = {"part1_numpy/conv2d.py": "# שלום, עולם; مرحبا \u200f\n".encode()}
    assert not any("control" in note for note in unpack(honest(files)).notes)


def test_the_names_that_count_are_those_of_the_reference(skeletons) -> None:
    files = set(COURSE.files())
    layout = COURSE.layout
    assert {name for part in layout.parts for name in (f"{part}/{one}" for one in layout.names(part))} == files
    assert all(layout.keeps(name) for name in (*files, *(f"checkpoints/{model}" for model in layout.models)))
    todo = {name for name, content in skeletons.items() if b'NotImplementedError("TODO' in content}
    assert todo == {f"{part}/{name}" for part, names in layout.work.items() for name in names}
