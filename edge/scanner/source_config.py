"""How an X-ray generator is set up: its scale, its habits, its filament, how its tube is worked up.

1. A generator is told in shares of its full scale, which it does not tell: on one whose scale is
   twice the file's, the tube would be driven at twice what was asked for, and read back as asked.
   So the scale stands in the file, and nothing is asked for beyond it.
2. A tube that rested is worked up (drivers/xray_source/warm_up.py). A simulated one is always
   fresh, unless its file has a table: it was made when its programme started.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from drivers.xray_source.codec import Sum
from drivers.xray_source.source import FilamentOrder, Scale
from drivers.xray_source.warm_up import HOUR, TABLE, Row
from edge.runtime.config import Serial
from settings.files import Section


class WarmUpRow(Section):
    """For a rest of at least ``rest`` h: so many stages from ``start`` of the voltage on."""

    rest: float = Field(gt=0, description="h without a beam")
    start: float = Field(gt=0, le=1, description="of the voltage")
    stages: int = Field(ge=1, le=1000)
    seconds: float = Field(gt=0, description="s of each stage")
    current: float = Field(default=1.0, gt=0, le=1, description="of the current, till the last")

    @property
    def row(self) -> Row:
        """The same as the driver wants it."""
        return Row(self.rest * HOUR, self.start, self.stages, self.seconds, self.current)


def _usual() -> tuple[WarmUpRow, ...]:
    return tuple(
        WarmUpRow(
            rest=row.rest / HOUR,
            start=row.start,
            stages=row.stages,
            seconds=row.seconds,
            current=row.current,
        )
        for row in TABLE
    )


class XRaySourceDevice(Serial):
    """An X-ray generator."""

    trailing_comma: bool = Field(default=True, description="the checksum covers the last comma")
    full_scale_kv: float = Field(default=160.0, gt=0, le=450, description="kV at 4095, by model")
    full_scale_ma: float = Field(default=5.0, gt=0, le=50, description="mA at 4095, by model")
    full_scale_filament: float = Field(default=5.0, gt=0, le=20, description="A at 4095, by model")
    kilovolts: float = Field(default=160.0, gt=0)
    milliamperes: float = Field(default=1.0, gt=0)
    filament_order: Literal["limit-first", "standby-first"] = Field(
        default="limit-first", description="which of the two has command 12, by model"
    )
    filament_limit: float | None = Field(default=None, gt=0, description="A; else as it is set")
    filament_standby: float | None = Field(default=None, ge=0, description="A; with the limit")
    warm_up: tuple[WarmUpRow, ...] = Field(
        default_factory=_usual, description="by the tube's manual; the longest rest first"
    )

    @field_validator("warm_up")
    @classmethod
    def _longest_first(cls, rows: tuple[WarmUpRow, ...]) -> tuple[WarmUpRow, ...]:
        rests = [row.rest for row in rows]
        if rests != sorted(set(rests), reverse=True):
            raise ValueError(f"the rows' rests are {rests} h; begin with the longest, each once")
        return rows

    @model_validator(mode="after")
    def _within_scale(self) -> Self:
        for name, value, key, full, unit in (
            ("kilovolts", self.kilovolts, "full_scale_kv", self.full_scale_kv, "kV"),
            ("milliamperes", self.milliamperes, "full_scale_ma", self.full_scale_ma, "mA"),
            *self._filament_values(),
        ):
            if value > full:
                raise ValueError(
                    f"{name} = {value:g} {unit} is above {key} = {full:g} {unit}: ask for less, or "
                    f"give the {key} of this generator's model (its manual's full scale)"
                )
        return self

    @model_validator(mode="after")
    def _whole_filament(self) -> Self:
        limit, standby = self.filament_limit, self.filament_standby
        if (limit is None) != (standby is None):
            raise ValueError("give both filament_limit and filament_standby, or neither")
        if limit is not None and standby is not None and standby > limit:
            raise ValueError(f"filament_standby = {standby:g} A is above the limit of {limit:g} A")
        return self

    def _filament_values(self) -> list[tuple[str, float, str, float, str]]:
        values = {"limit": self.filament_limit, "standby": self.filament_standby}
        full = self.full_scale_filament
        return [
            (f"filament_{name}", value, "full_scale_filament", full, "A")
            for name, value in values.items()
            if value is not None
        ]

    @property
    def scale(self) -> Scale:
        """What 4095 means on this model."""
        return Scale(kv=self.full_scale_kv, ma=self.full_scale_ma, amperes=self.full_scale_filament)

    @property
    def habit(self) -> Sum:
        """Where the checksum's sum ends."""
        return Sum.WITH_LAST_COMMA if self.trailing_comma else Sum.WITHOUT_LAST_COMMA

    @property
    def order(self) -> FilamentOrder:
        """Which of the filament's two currents has command 12."""
        first = self.filament_order == "limit-first"
        return FilamentOrder.LIMIT_FIRST if first else FilamentOrder.STANDBY_FIRST

    @property
    def rows(self) -> tuple[Row, ...]:
        """The table by which the tube is worked up."""
        return tuple(row.row for row in self.warm_up)

    @property
    def rests_from(self) -> float:
        """The shortest rest (s) after which the tube has to be worked up; infinite for none."""
        return min((row.rest for row in self.rows), default=inf)


def by_hardware(given: object) -> object:
    """Return a scanner's file with what depends on whether its hardware is real or simulated.

    A real scanner tests itself daily, and its tube is worked up, unless its file says otherwise. A
    simulated one does neither unless its file says so: its detector and tube are made anew with it.
    """
    if not isinstance(given, Mapping):
        return given  # refused by the model, as is anything else here that is no table
    real = given.get("hardware", "real") != "simulated"
    filled = dict(given)
    if isinstance(test := given.get("self_test", {}), Mapping):
        filled["self_test"] = {"required": real, **test}
    devices = given.get("devices")
    source = devices.get("xray_source") if isinstance(devices, Mapping) else None
    if not real and isinstance(devices, Mapping) and isinstance(source, Mapping):
        filled["devices"] = {**devices, "xray_source": {"warm_up": (), **source}}
    return filled
