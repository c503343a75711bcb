"""The limits of the self-test: what the site wants of its scanner, from the lane's file."""

from __future__ import annotations

from pydantic import Field

from settings.files import Section

PER_PIXEL = 0.3  # line pairs; a good detector halves its modulation at 0.4


class SelfTestLimits(Section):
    """The lowest, or highest, value that is good enough for each measurement."""

    air_level: float = Field(default=98.0, gt=0, le=100, description="% of open beam, at least")
    penetration: float = Field(default=38.0, ge=0, description="mm of steel, at least")
    contrast: float = Field(default=0.15, gt=0, description="mm of shim on 10 mm steel, at most")
    resolution: float | None = Field(
        default=None, gt=0, description="line pairs per mm, at least; 0.3 to a pixel if not given"
    )
    wire_in_air: float = Field(default=0.16, gt=0, description="mm of copper, at most")
    wire_behind_aluminium: float = Field(default=0.25, gt=0, description="mm of copper, at most")
    wire_behind_steel: float = Field(default=0.64, gt=0, description="mm of copper, at most")
    separation: float = Field(default=6.0, gt=0, description="σ of a pixel, at least")
    ratio_shift: float = Field(default=3.0, gt=0, description="% of τ_low/τ_high, at most")
    ratios: dict[str, float] = Field(
        default_factory=dict,
        description="τ_low/τ_high of a sample when the scanner was commissioned, by its material",
    )

    def resolved(self, pitch_mm: float) -> float:
        """Return the line pairs per mm that are wanted of pixels of ``pitch_mm``."""
        return self.resolution if self.resolution is not None else PER_PIXEL / pitch_mm


class SelfTest(Section):
    """When the lane tests itself, and what it has to reach."""

    every: float = Field(default=86_400.0, gt=0, description="s a passed self-test is good for")
    required: bool = Field(default=False, description="out of service without a passed self-test")
    limits: SelfTestLimits = SelfTestLimits()
