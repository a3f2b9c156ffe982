"""What an experiment consists of: read from `configs/*.toml`, or a file of your own. Given.

The settings of training are those of part 2 (`part2_pytorch/config.py`); `[experiment]` adds what is compared.
"""

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from part2_pytorch.config import Config, ConfigError, load_config

CONFIG_DIR = Path(__file__).parent / "configs"
NETWORKS = ("my_model", "resnet32")
METHODS = {
    "ce": "cross-entropy",
    "focal": "focal loss",
    "cb_ce": "class-balanced cross-entropy",
    "cb_focal": "class-balanced focal loss",
    "balanced": "balanced sampling",
    "logit_adjusted": "logit adjustment",
}


@dataclass(frozen=True)
class Plan:
    """Every method at every factor with every seed, all trained alike.

    Attributes:
        name: of the configuration.
        training: of one run; its model, data set and seed play no part here.
        factors: images of the rarest class for each image of the most frequent one.
        milestones: epochs after which the learning rate is multiplied by `decay`; none: the schedule of `training`.
    """

    name: str
    training: Config
    network: str = "my_model"
    methods: tuple[str, ...] = tuple(METHODS)
    factors: tuple[float, ...] = (0.1, 0.02, 0.01)
    seeds: tuple[int, ...] = (0,)
    beta: float = 0.9999
    gamma: float = 1.0
    tau: float = 1.0
    evaluate_every: int = 5
    warmup_epochs: int = 0
    milestones: tuple[int, ...] = ()
    decay: float = 0.1

    def __post_init__(self) -> None:
        """Refuse values that would only fail, or mislead, later."""
        if self.network not in NETWORKS:
            raise ConfigError(f"network is {self.network!r}, expected one of {', '.join(NETWORKS)}")
        for method in self.methods:
            if method not in METHODS:
                raise ConfigError(f"there is no method {method!r}, expected some of {', '.join(METHODS)}")
        for factor in self.factors:
            if not 0 < factor <= 1:
                raise ConfigError(f"factor is {factor}, expected above 0 and at most 1")
        for name in ("methods", "factors", "seeds"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise ConfigError(f"{name} are {list(values)}, expected at least one, each once")
        if self.training.small:
            found = self.training.small
            raise ConfigError(f"small is {found}, expected 0: the experiment trains on images of full size")
        if not 0 <= self.beta < 1:
            raise ConfigError(f"beta is {self.beta}, expected at least 0 and less than 1")
        if self.evaluate_every < 1:
            raise ConfigError(f"evaluate_every is {self.evaluate_every}, expected at least 1")

    def settings(self) -> dict[str, Any]:
        """Everything but method, factor and seed that decides how a run goes, as a JSON file holds it."""
        other = {"model", "dataset", "seed", "save_every", "label_smoothing", "small", "small_side"}
        own = ("network", "beta", "gamma", "tau", "evaluate_every", "warmup_epochs", "decay")
        settings = {name: value for name, value in self.training.to_dict().items() if name not in other}
        return settings | {name: getattr(self, name) for name in own} | {"milestones": list(self.milestones)}


def load_plan(source: str, **changes: Any) -> Plan:
    """Read a plan: a file, or the name of one in `configs/`; `changes` that are neither None nor empty win over it.

    Raises:
        ConfigError: if the file is missing, or sets something that there is not.
    """
    path = Path(source) if source.endswith(".toml") else CONFIG_DIR / f"{source}.toml"
    if not path.is_file():
        there = ", ".join(sorted(file.stem for file in CONFIG_DIR.glob("*.toml")))
        raise ConfigError(f"there is no configuration {path}; in configs/ are {there}")
    training = {name: changes.pop(name, None) for name in ("epochs", "batch_size")}
    config = load_config(path, model="my_model", **training)
    table = tomllib.loads(path.read_text(encoding="utf-8")).get("experiment", {})
    plan = Plan(path.stem, config)
    for name, value in table.items():
        plan = _with(plan, name, value, path)
    return replace(plan, **{name: value for name, value in changes.items() if value})


def _with(plan: Plan, name: str, value: object, path: Path) -> Plan:
    """Set one value, if there is such a setting and it is of its kind."""
    known = [field.name for field in fields(Plan)][2:]
    if name not in known:
        raise ConfigError(f"{path}: {name} is no setting of [experiment]; there are {', '.join(known)}")
    old = getattr(plan, name)
    if isinstance(old, tuple):
        value = tuple(value) if isinstance(value, list) else value
    elif isinstance(old, float) and type(value) is int:
        value = float(value)
    if type(value) is not type(old):
        raise ConfigError(f"{path}: {name} is {value!r}, expected a value like {old!r}")
    return replace(plan, **{name: value})
