"""PostgreSQL adds up the lines of a posting at once, rather than one by one."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Replace the trigger; SQLite's costs next to nothing."""
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute("DROP TRIGGER market_lines_sum ON market_lines")
    op.execute("DROP FUNCTION market_sum()")
    op.execute(
        """CREATE FUNCTION market_sums() RETURNS trigger AS $$ BEGIN
          WITH moved AS (
            SELECT account, sum(amount)::bigint AS amount FROM (
              SELECT target AS account, amount FROM fresh
              UNION ALL SELECT source, -amount FROM fresh
            ) AS ends GROUP BY account
          ), known AS (
            UPDATE market_balances AS there SET balance = there.balance + moved.amount
            FROM moved WHERE there.account = moved.account RETURNING there.account
          )
          INSERT INTO market_balances
            SELECT account, amount, 0 FROM moved
            WHERE account NOT IN (SELECT account FROM known);
          RETURN NULL; END $$ LANGUAGE plpgsql"""
    )
    op.execute(
        "CREATE TRIGGER market_lines_sum AFTER INSERT ON market_lines"
        " REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION market_sums()"
    )
