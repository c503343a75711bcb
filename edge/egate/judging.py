"""What one story's evidence comes to: checks, the profile over them, reasons, and one answer.

1. Nothing but the profile decides. A document that was flagged stands only on an officer's word.
2. Who asked for an officer gets one, whatever the checks say.
3. A referral has a reason: where no check gave one, the phase that led to it does.
"""

from __future__ import annotations

from contract.passage import Check, Verdict
from edge.documents.profile import Profile
from edge.egate.checks import document_checks, inside_checks
from edge.egate.decision import decide
from edge.egate.passage import Event, Phase
from edge.egate.standing import Standing
from edge.egate.story import Story
from edge.runtime.clock import Clock

__all__ = ["Judge"]


class Judge:
    """Judges the stories of one gate."""

    def __init__(self, profile: Profile, standing: Standing, clock: Clock) -> None:
        self._profile, self._standing, self._clock = profile, standing, clock

    def document(self, story: Story) -> bool:
        """Judge what was read; return whether its bearer may walk in."""
        story.checks = self._document_checks(story)
        decision = decide(story.checks, self._profile)
        story.reasons = decision.reasons
        return decision.verdict is Verdict.CLEAR and not story.asked

    def inside(self, story: Story) -> bool:
        """Judge the traveller inside; return whether nothing stands against them any more."""
        found = inside_checks(story.evidence)
        decision = decide(found, self._profile)
        story.checks = [*story.checks, *found]
        document_stands = not story.reasons or story.evidence.approved_by is not None
        if decision.verdict is Verdict.CLEAR and document_stands and not story.asked:
            return True
        story.give_reasons(*decision.reasons)
        return False

    def refer(self, story: Story, cause: tuple[Phase, Event] | None) -> None:
        """Give ``story``, which ``cause`` sent to an officer, its checks and its reasons."""
        if not story.checks:
            story.checks = self._document_checks(story)
        story.give_reasons()
        if not story.reasons and cause is not None:
            phase, event = cause
            how = "too-slow" if event is Event.TIMED_OUT else "failed"
            story.give_reasons(f"{phase}.{how}")

    def _document_checks(self, story: Story) -> list[Check]:
        checks = document_checks(story.evidence, self._clock.now().date())
        return [*checks, *self._standing.checks(story.evidence.printed)]
