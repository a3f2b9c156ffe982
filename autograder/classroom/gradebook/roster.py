"""The students of a course, as its staff or Canvas, Gradescope and Moodle list them, and who is meant by a name.

A student is found by whatever a platform knows them by: email, number, login, or, last, name.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.course import tables
from autograder.course.tables import Row, Table, fold
from autograder.errors import TableError

OURS = ("student", "name", "email", "sid", "login", "canvas_id", "section", "status")
# What columns of the platforms mean, also in German, French and Spanish, as Moodle writes them.
MEANINGS = {
    "first": "firstname, first name, given name, vorname, prénom, nombre",
    "last": "lastname, last name, surname, family name, nachname, nom, nom de famille, apellido(s), apellidos",
    "name": "name, full name, fullname, vollständiger name, nom complet, nombre completo",
    "email": "email, e-mail, mail, email address, e-mail address, e-mail-adresse, adresse de courriel, "
    "adresse e-mail, dirección de correo, dirección email, correo electrónico",
    "sid": "sid, sis user id, student id, id number, id-nummer, matrikelnummer, numéro d'identification, "
    "número de id, número de identificación",
    "login": "login, sis login id, username, user name, anmeldename, nom d'utilisateur, nombre de usuario",
    "participant": "identifier, identifikation, identifiant, identificador",
    "number": "id, user id, userid",
    "section": "section, sections, section_name, groups, group, gruppe, gruppen, groupe, grupo",
    "role": "role, roles, rolle, rôle, rol",
    "canvas_id": "canvas_id",
    "student": "student",
}
NAMES = {fold(name): column for column, names in MEANINGS.items() for name in names.split(", ")}
WHO = ("student", "email", "sid", "login", "canvas_id", "participant", "number", "name")  # the surest first
STAFF = ("instructor", "ta", "teacher", "reader", "teaching assistant", "designer", "observer", "non-editing teacher")
EXCUSED = ("ex", "excused", "exempt")
DROPPED = ("dropped", "withdrawn", "w", "inactive", "concluded", "left", "unenrolled")
PRESENT = ("", "active", "enrolled", "student")


@dataclass(frozen=True)
class Student:
    """One row of the roster.

    Attributes:
        id: stands for the student in what we write.
        email, sid, login, canvas_id, participant: what platforms know the student by.
        excused: all of the assignment.
        first, last: empty where the roster has whole names only.
    """

    id: str
    name: str = ""
    email: str = ""
    sid: str = ""
    login: str = ""
    canvas_id: str = ""
    section: str = ""
    participant: str = ""
    excused: bool = False
    first: str = ""
    last: str = ""


class Roster:
    """All students, in the order of the file.

    Attributes:
        passed_over: by id: those who have left the course, the test student, staff; their marks go nowhere.
        said: a sentence on each row that is no student's.
        columns: of the file.
        cells: of the file, by id.
    """

    def __init__(self, students: Iterable[Student], passed_over: Iterable[Student] = ()) -> None:
        self.students = {one.id: one for one in students}
        self.passed_over = {one.id: one for one in passed_over}
        self.said: list[str] = []
        self.columns: tuple[str, ...] = ()
        self.cells: dict[str, Row] = {}

    def drop(self, student: Student) -> None:
        """Take somebody out who has left the course, or who is in tables and no longer in the roster."""
        self.students.pop(student.id, None)
        self.passed_over[student.id] = student
        self.__dict__.pop("_index", None)

    def find(self, *texts: str) -> Student:
        """Find the one student whom all these mean; a text that means nobody is passed over if another one does.

        Raises:
            TableError: if there is none, or more than one.
        """
        candidates: dict[str, None] | None = None
        for text in filter(None, texts):
            meant = self._meant(text)
            if meant and candidates is None:
                candidates = dict.fromkeys(meant)
            elif meant and candidates is not None:
                both = {id: None for id in candidates if id in meant}
                if not both:
                    first, second = next(iter(candidates)), next(iter(meant))
                    raise TableError(f"{' and '.join(map(repr, filter(None, texts)))} are {first} and {second}")
                candidates = both
        if candidates is None:
            text = next(filter(None, texts), "")
            near = self.near(text)
            raise TableError(f"there is no student {text!r} in the roster" + (f": is it {near}?" if near else ""))
        if len(candidates) > 1:
            raise TableError(f"{texts[0]!r} may be {' or '.join(candidates)}")
        id = next(iter(candidates))
        return self.students.get(id) or self.passed_over[id]

    def knows(self, text: str) -> bool:
        """Whether a text means somebody, or may have been meant to."""
        return bool(self._meant(text) or self.near(text))

    def group(self, name: str) -> list[Student]:
        """Find the students of a group, by whose name Canvas and Moodle export what it hands in together."""
        wanted = compact(name)
        found = [one for one in self.students.values() if wanted in map(compact, re.split("[,;]", one.section))]
        return found if wanted and not self._meant(name) else []

    def _meant(self, text: str) -> list[str]:
        return self._index.get(fold(text), []) or self._index.get(f"={compact(text)}", [])

    @cached_property
    def _index(self) -> dict[str, list[str]]:
        """Ids by each identity, and by "=" and the letters of the name."""
        index: dict[str, dict[str, None]] = {}
        for one in (*self.students.values(), *self.passed_over.values()):
            for text in (one.id, one.email, one.sid, one.login, one.canvas_id, one.participant):
                if text:
                    index.setdefault(fold(text), {})[one.id] = None
            for letters in _letters(one):
                index.setdefault(f"={letters}", {})[one.id] = None
        return {text: list(ids) for text, ids in index.items()}

    def near(self, text: str) -> str:
        """Find who may have been meant by a text that means nobody."""
        near = [
            shown
            for shown in (text for one in self.students.values() for text in (one.id, one.email, one.sid, one.login))
            if shown and _core(shown) == _core(text)
        ]
        everyone = self.students.values()
        names = {letters: one.name or one.id for one in everyone for letters in (compact(one.id), *_letters(one))}
        near = near or [names[letters] for letters in difflib.get_close_matches(compact(text), names, 1, 0.8)]
        return near[0] if near else ""


def read(path: Path) -> Roster:
    """Read the students of the course: our own columns, or a file as a platform exports it.

    Raises:
        TableError: that names each cell that cannot be used.
    """
    table = tables.read(path, names=NAMES)
    platform = "student" not in table.columns or {"number", "section"} <= {*table.columns}
    if not platform:
        table = tables.read(path, ("student",), OURS, {fold("canvas_id"): "canvas_id"})
        rows = list(tables.once(table.rows, "student").values())
        return _sorted([(_ours(row), row) for row in rows], table)
    if not any(column in table.columns for column in ("first", *WHO)):
        raise TableError(f"{path.name}, row 1: there is no column student, nor one by which a platform names students")
    return _from_platform(table)


def _from_platform(table: Table) -> Roster:
    # Whoever may not see SIS data exports no login.
    canvas = {"number", "section"} <= {*table.columns} and not {"student", "login"}.isdisjoint(table.columns)
    rows = []
    for row in table.rows:
        first = next(iter(row.cells.values()), "")
        if canvas and ("points possible" in fold(first) or not (row["number"] or row["login"])):
            continue  # which assignment has how many points, and which are posted by hand
        if not (student := _theirs(row, canvas=canvas)):
            raise TableError(f"{row.file}, row {row.number}: nothing says who that is")
        rows.append((student, row))
    seen: dict[str, Row] = {}
    for student, row in rows:
        if student.id in seen:
            before = seen[student.id].number
            raise TableError(f"{row.file}, row {row.number}: {student.id!r} is in row {before} already")
        seen[student.id] = row
    return _sorted(rows, table)


def _sorted(rows: Sequence[tuple[Student, Row]], table: Table) -> Roster:
    """Tell the students from those who are none, or no longer."""
    found, problems = Roster([]), tables.Problems()
    found.columns = table.columns
    for student, row in rows:
        status = fold(row["status"])
        if compact(student.name) == "studenttest" and student.canvas_id:
            found.said.append(f"row {row.number} is Canvas's test student")
        elif fold(row["role"]) in STAFF:
            found.said.append(f"row {row.number}, {student.name}, is {row['role']}")
        elif status in DROPPED:
            found.said.append(f"{student.id} has left the course, and is left out")
        elif status not in (*EXCUSED, *PRESENT):
            problems.sentences.append(f"{row.at('status')}: {row['status']!r}, expected active, excused or dropped")
        else:
            found.students[student.id], found.cells[student.id] = student, row
            continue
        found.passed_over[student.id] = student
    problems.finish()
    return found


def _ours(row: Row) -> Student:
    values = {name: row[name] for name in OURS[1:-1]}
    return Student(row["student"], **values, excused=fold(row["status"]) in EXCUSED)


def _theirs(row: Row, *, canvas: bool) -> Student | None:
    name, email, login = _name(row), row["email"], row["login"]
    if not email and "@" in login:
        email = login
    sid = row["sid"] if canvas else row["sid"] or row["number"]
    at_canvas = row["number"] if canvas else ""
    id = email or login or sid or row["participant"] or at_canvas or name
    if not id:
        return None
    rest = (row["section"], row["participant"], False, row["first"], row["last"])
    return Student(id, name, email, sid, login, at_canvas, *rest)


def _name(row: Row) -> str:
    return row["name"] or row["student"] or f"{row['first']} {row['last']}".strip()


def texts(row: Row) -> list[str]:
    """What a row of any table says of who is meant, the surest first."""
    return [text for text in (*(row[column] for column in WHO), f"{row['first']} {row['last']}".strip()) if text]


def who(mapping: Mapping[str, str]) -> Mapping[str, str]:
    """Further names of columns, beside those that name a student."""
    return {**NAMES, **mapping}


def compact(name: str) -> str:
    """The letters and digits of a name, without accents: what Canvas leaves of it, and more."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(one for one in plain if one.isalnum())


def rotations(name: str) -> Iterator[str]:
    """The letters of a name with its words in any rotation: "Lovelace, Ada" is "Ada Lovelace"."""
    words = re.split(r"[\s,]+", name.strip(" ,"))
    for start in range(len(words)):
        if letters := compact(" ".join([*words[start:], *words[:start]])):
            yield letters


def _letters(student: Student) -> Iterator[str]:
    for name in {student.name, f"{student.first} {student.last}".strip()}:
        yield from rotations(name)


def _core(text: str) -> str:
    """What is left of an identity when zeros in front, a point behind and the host of an address are gone."""
    return re.sub(r"\.0+$", "", fold(text).partition("@")[0]).lstrip("0")
