"""The only home of the page /ui: every component once, as its example and as what the eye and the tests look at."""

from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from lotwise.backoffice.charts import bar_chart, level_chart, spark
from lotwise.backoffice.pages import page
from lotwise.backoffice.routes import Screen
from lotwise.backoffice.session import Who

screen = Screen()
LEVEL = (
    103,
    101,
    99,
    94,
    92,
    88,
    87,
    96,
    91,
    85,
    81,
    76,
    70,
    78,
    72,
    66,
    61,
    55,
    50,
    46,
    43,
    36,
    31,
    26,
    20,
    17,
    25,
    22,
    17,
)


@screen.get("/ui", permission="catalog.read")
async def gallery(request: Request, who: Who) -> Response:
    """Every component."""
    days = [who.today - timedelta(days=3 * (len(LEVEL) - 1 - i)) for i in range(len(LEVEL))]
    level = level_chart(
        [(who.formats.day(day), float(n)) for day, n in zip(days, LEVEL, strict=True)],
        "Level falling from 103 to 17",
        20,
    )
    bars = bar_chart(
        [
            (who.formats.day(day), n * 37.5, f"{who.formats.day(day)}: {n * 37.5}")
            for day, n in zip(days, LEVEL, strict=True)
        ],
        "Sales",
    )
    form = {"name": "Hyaluronic filler 1 ml", "quantity": "0"}
    wrong = {"quantity": "Enter a number above 0."}
    return page(
        request,
        who,
        "screens/gallery.html",
        title="Components",
        level=level,
        bars=bars,
        sparkline=spark(LEVEL),
        form=form,
        wrong=wrong,
    )
