"""The one deed that asks around: archive first, so that no new use begins, then delete on three answers of unused."""

from uuid import UUID

from lotwise.catalog.api.shapes import ProductOut, product_out
from lotwise.catalog.api.uses import answers_of
from lotwise.catalog.operations import products
from lotwise.kit.commands import Answer, Command
from lotwise.values import currency_exponent


async def delete_unused(cmd: Command, product_id: UUID) -> Answer[ProductOut]:
    """Delete a product. Raises Unknown, ProductInUse or UsesNotKnown, and then nothing has changed.

    Everybody is asked before anything happens, and asked again once the product is archived.
    """
    answers = await answers_of(cmd.runtime, product_id)
    async with cmd.transaction() as tx:
        await products.check_unused(tx, product_id, answers)
        shown = await products.set_archived(tx, product_id, cmd.who.actor, is_archived=True)
    answers = await answers_of(cmd.runtime, product_id)
    async with cmd.transaction() as tx:
        await products.delete(tx, product_id, answers, cmd.who.actor)
        answer = product_out(shown, currency_exponent(cmd.runtime.settings.currency))
        return await cmd.answer(tx, answer)
