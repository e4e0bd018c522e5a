"""The only home of recording treatments: one a visit, corrected by revisions, each waiting for the desk once."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from lotwise.contracts.sales import TreatmentCompleted
from lotwise.contracts.sales import TreatmentLine as ToldLine
from lotwise.kit.database import Tx
from lotwise.kit.etag import Expected
from lotwise.kit.outbox import tell
from lotwise.kit.principal import Principal
from lotwise.sales.domain.appointments import COMPLETED, Appointment
from lotwise.sales.domain.refusals import AppointmentClosed, SameId, UnknownTreatment
from lotwise.sales.domain.treatments import DECIMALS, Drawn, Treatment, TreatmentLine, lines_of
from lotwise.sales.repository import appointments as appointment_rows
from lotwise.sales.repository import checkout, recipes
from lotwise.sales.repository import treatments as rows
from lotwise.values import format_quantity


class Given(NamedTuple):
    """What is said of a treatment: where, which service, for whom, by whom, when, how often, and what was drawn."""

    site: str
    appointment_id: UUID | None
    service_id: UUID
    member_id: UUID | None
    practitioner: str
    happened_at: datetime
    sessions: int
    drawn: Sequence[Drawn]


class Recorder(NamedTuple):
    """Who records, by which way, whether as a licensed person, and when."""

    actor: str
    source: str
    is_licensed: bool
    now: datetime


async def record(tx: Tx, treatment_id: UUID, given: Given, by: Recorder) -> Treatment:
    """Record that a treatment took place: stock is told what it takes, and the desk that it waits.

    The same under the same id changes nothing. Raises SameId for another one, BadQuantity, DuplicateLine.
    """
    kept = (await rows.load(tx, [treatment_id], lock=True)).get(treatment_id)
    if kept is None:
        recipe = await recipes.newest(tx, given.service_id)
        made = Treatment(
            treatment_id, *given[:7], recipe.revision, by.source, 1, by.actor, by.is_licensed, by.now, by.now,
            lines_of(recipe.lines, given.sessions, given.drawn),
        )  # fmt: skip
        if await rows.add(tx, made):
            await checkout.add(tx, treatment_id, made.site, by.actor, made.happened_at, by.now)
            await checkout.settle(tx, [treatment_id], by.now)
            await tell(tx, completed_event(made))
            return made
        kept = (await rows.load(tx, [treatment_id], lock=True)).get(treatment_id)
    if kept is None or not _is_same(kept, given):
        raise SameId(
            f"the id {treatment_id} was used for another treatment", field="treatment_id",
            ways_out=("use a new id", "correct the treatment"),
        )  # fmt: skip
    return kept


def _is_same(kept: Treatment, given: Given) -> bool:
    said = {line.product_id: line for line in kept.lines if line.drawn is not None or line.lot_id is not None}
    lines = {line.product_id: line for line in lines_of((), 1, given.drawn)}
    return kept[1:5] == given[:4] and kept.sessions == given.sessions and said.keys() == lines.keys() and all(
        (said[one].drawn, said[one].lot_id) == (lines[one].drawn, lines[one].lot_id) for one in said
    )  # fmt: skip


async def complete(
    tx: Tx, appointment: Appointment, treatment_id: UUID, given: Given, by: Recorder
) -> tuple[Appointment, Treatment]:
    """The appointment took place: its treatment is recorded and it is completed, once.

    Completed again with the same treatment it changes nothing; raises AppointmentClosed for another treatment.
    """
    if appointment.state == COMPLETED and appointment.treatment_id != treatment_id:
        raise AppointmentClosed(
            "the appointment was completed already", ways_out=("correct its treatment",),
            state=COMPLETED, treatment_id=str(appointment.treatment_id),
        )  # fmt: skip
    treatment = await record(tx, treatment_id, given, by)
    if appointment.state == COMPLETED:
        return appointment, treatment
    made = appointment._replace(
        state=COMPLETED, reason="", treatment_id=treatment_id, revision=appointment.revision + 1, actor=by.actor,
        updated_at=by.now,
    )  # fmt: skip
    await appointment_rows.put(tx, made)
    return made, treatment


async def correct(tx: Tx, kept: Treatment, given: Given, by: Recorder, expected: Expected | None = None) -> Treatment:
    """Say anew what a treatment took; stock consumes the difference only. The same again changes nothing.

    Its site, service and appointment stay. Raises Stale, BadQuantity, DuplicateLine.
    """
    if expected is not None:
        expected.check(kept.revision)
    recipe = await recipes.of_revision(tx, kept.service_id, kept.recipe_revision)
    made = kept._replace(
        member_id=given.member_id, practitioner=given.practitioner, happened_at=given.happened_at,
        sessions=given.sessions, recipe_revision=recipe.revision, revision=kept.revision + 1, actor=by.actor,
        is_licensed=kept.is_licensed or by.is_licensed, updated_at=by.now,
        lines=lines_of(recipe.lines, given.sessions, given.drawn),
    )  # fmt: skip
    if _sorted(made.lines) == _sorted(kept.lines) and made[4:8] == kept[4:8]:
        return kept
    await rows.change(tx, made)
    await tell(tx, completed_event(made))
    return made


def _sorted(lines: Sequence[TreatmentLine]) -> list[TreatmentLine]:
    return sorted(lines, key=lambda line: line.product_id)


async def found(tx: Tx, treatment_id: UUID, who: Principal, permission: str, *, lock: bool = False) -> Treatment:
    """A treatment that this person may see or correct. Raises UnknownTreatment, also for one at a site out of reach."""
    kept = (await rows.load(tx, [treatment_id], lock=lock)).get(treatment_id)
    if kept is None or not who.allows(permission, kept.site):
        raise UnknownTreatment(f"no treatment has the id {treatment_id}")
    return kept


def completed_event(treatment: Treatment) -> TreatmentCompleted:
    """TreatmentCompleted with what stock consumes: expected by the recipe, drawn where somebody said so."""
    return TreatmentCompleted(
        site=treatment.site,
        treatment_id=treatment.treatment_id,
        appointment_id=treatment.appointment_id,
        service_id=treatment.service_id,
        member_id=treatment.member_id,
        practitioner=treatment.practitioner,
        lines=tuple(
            ToldLine(
                product_id=line.product_id,
                expected=format_quantity(line.expected, DECIMALS),
                drawn=None if line.drawn is None else format_quantity(line.drawn, DECIMALS),
                lot_id=line.lot_id,
            )
            for line in treatment.lines
        ),
        happened_at=treatment.happened_at,
        revision=treatment.revision,
    )
