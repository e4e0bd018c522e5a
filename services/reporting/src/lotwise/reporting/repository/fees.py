"""The only home of the reads of what memberships' fees earned: between two days of a run, never beyond today."""

LIVE = "(select live from projection)"


def earned(first: str, last: str) -> str:
    """SQL for what the run `r` earned from one of its days to another, both included, in minor units."""
    return f"({_by(f'r.passed + ({last} - r.first_day) + 1')} - {_by(f'r.passed + ({first} - r.first_day)')})"


def _by(passed: str) -> str:
    return f"floor((2 * r.fee_minor::numeric * least({passed}, r.days) + r.days) / (2 * r.days))::bigint"


_RUNS = f"""fee_run r left join site z on z.generation = r.generation and z.slug = r.site
  cross join lateral (select greatest(coalesce($1::date, '-infinity'), r.first_day) as first,
    least(coalesce($2::date, 'infinity'), r.last_day, (now() at time zone coalesce(z.time_zone, 'UTC'))::date) as last
  ) w where r.generation = {LIVE} and w.first <= w.last and ($3::text[] is null or r.site = any($3::text[]))"""
EARNED = f"select r.site, r.product_id, {earned('w.first', 'w.last')} as minor from {_RUNS}"
"""What each run earned in the window of $1 (from), $2 (to) and $3 (sites)."""
EARNED_DAILY = f"""select r.site, r.product_id, d::date as day, {earned("d::date", "d::date")} as minor
  from (select r.*, w.first, w.last from {_RUNS}) r cross join lateral generate_series(r.first, r.last, '1 day') d"""
"""The same by day."""
