"""What submissions try is counted for staff: attacks are seen, honest work is not, students read nothing of it."""

from __future__ import annotations

import json
import os
from collections import Counter

import pytest
from attacks.grading import grade as grade_row
from attacks.honest import UPLOADS

from autograder.conformance import bait as baits
from autograder.conformance import target
from autograder.conformance.table import ATTACKED, ATTACKS, Attack
from autograder.inside.confinement.syscalls import ARM
from autograder.reports import class_page as classpage
from autograder.reports import html, records
from autograder.reports import results_json as gradescope
from autograder.reports.records import Person, Record
from autograder.reports.scores import Outcome

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open") or ARM, reason="the box needs Linux, its rows x86-64")
SOCKET = "escape: a socket"


def one(body: str) -> Attack:
    return Attack("escape", "one", "", "passed", body=body)


@pytest.fixture
def attempts(box, tmp_path):
    """Grade a body and return what it was seen to try."""

    def run(body: str) -> dict[str, int]:
        card = target.grade(one(body).apply(target.RIGHT, {}), box, tmp_path / "a.zip")
        assert card.marks[ATTACKED].outcome is Outcome.PASSED, card.marks[ATTACKED].message
        return card.attempts

    return run


def trying(action: str) -> str:
    return f"import os, socket, signal\ntry: {action}\nexcept OSError as error: assert error.errno == 1, error"


@pytest.mark.parametrize(
    ("action", "seen"),
    [
        ("socket.socket()", SOCKET),
        ("os.fork()", "escape: another process"),
        ("os.execv('/bin/sh', ['sh'])", "escape: another program"),
        ("os.kill(2, 0)", "escape: a signal to another process"),
        ("syscall(101, 16, 1, 0, 0)", "leak: memory or descriptors of another process"),
        ("syscall(272, 0x10000000)", "escape: other mounts, namespaces or roots"),
        ("syscall(250, 0, -3, 0)", "leak: a keyring, or the log, of the kernel"),
    ],
)
def test_the_kernel_tells_what_was_tried_and_the_code_reads_that_it_is_not_permitted(attempts, action, seen) -> None:
    assert attempts(trying(action)) == {seen: 1}


def test_what_is_tried_a_million_times_is_refused_and_counted_up_to_a_bound(attempts) -> None:
    body = "import socket\nfor _ in range(3000):\n    try: socket.socket()\n    except OSError: pass"
    assert attempts(body) == {SOCKET: 1000}


def test_a_worker_that_wipes_its_own_record_is_seen_by_the_kernel_all_the_same(attempts) -> None:
    body = "import sys\nfor name in [n for n in sys.modules if n.startswith('inside')]: del sys.modules[name]\n"
    assert attempts(body + trying("socket.socket()")) == {SOCKET: 1}


def test_threads_of_ones_own_and_a_signal_to_oneself_are_no_attempt(attempts) -> None:
    body = "import os, threading\nt = threading.Thread(target=print)\nt.start()\nt.join()\nos.kill(os.getpid(), 0)"
    assert attempts(body) == {}


def test_a_worker_may_say_anything_of_paths_and_staff_read_it_as_plain_text(attempts) -> None:
    body = "try: open('/etc/passwd<script>\\033[2J' + 500 * 'x')\nexcept OSError: pass"
    (said,) = attempts(body)
    assert said.startswith("leak: to open /etc/passwd?script??")
    assert len(said) < 100


def test_most_attacks_are_seen_by_class_and_no_student_reads_of_it(box, tmp_path) -> None:
    seen, rows = Counter(), [row for row in ATTACKS if not (row.slow or row.seed) and row.kind in ("escape", "leak")]
    with baits.laid_out(box.submissions) as bait:
        for row in rows:
            card = target.grade(row.apply(target.RIGHT, bait), box, tmp_path / "a.zip", row)
            seen[row.kind] += bool(card.attempts)
            for said in card.attempts:
                assert said not in json.dumps(gradescope.results(card)) + html.render(card)
    assert seen["escape"] > 40
    assert seen["leak"] > 18


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("an answer with a guessed id", "forge: an answer to another question"),
        ("a pickle in the place of a message", "forge: a malformed message"),
    ],
)
def test_a_forged_message_is_seen(box, tmp_path, name, said) -> None:
    row = next(row for row in ATTACKS if row.name == name)
    card = target.grade(row.apply(target.RIGHT, {"TRACE": "/nowhere"}), box, tmp_path / "a.zip", row)
    assert said in card.attempts


def test_staff_read_of_it_on_the_page_of_the_class_and_in_its_file(box, tmp_path) -> None:
    card = target.grade(one(trying("socket.socket()")).apply(target.RIGHT, {}), box, tmp_path / "a.zip")
    record = Record("ada", (Person("Ada"),), card)
    assert f"{SOCKET} (1x)" in classpage.render([record])
    assert json.loads(records.dump(record))["card"]["attempts"] == {SOCKET: 1}
    card.attempts.clear()
    assert 'id="tried"' not in classpage.render([record])


@pytest.mark.parametrize("upload", UPLOADS, ids=[upload.name for upload in UPLOADS])
def test_nothing_is_seen_of_honest_uploads(upload, box, assignment, reference, tmp_path) -> None:
    card = grade_row(upload.make(dict(reference)), box, assignment, tmp_path / "a.zip")
    assert card.attempts == {}
