"""The books: txns and lines that are only added to, holds, and balances that triggers keep."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    _txns()
    _holds_and_balances()
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE:
            op.execute(statement)
    else:
        for statement in _POSTGRES:
            op.execute(statement)


def _txns() -> None:
    op.create_table(
        "market_txns",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("reverses", sa.Text, sa.ForeignKey("market_txns.id")),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("market_txns_subject", "market_txns", ["subject"])
    _index("market_txns_reverses", "market_txns", "reverses", "reverses IS NOT NULL")
    op.create_table(
        "market_lines",
        sa.Column("txn", sa.Text, sa.ForeignKey("market_txns.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.CheckConstraint("amount > 0 AND amount <= 1000000000000000", "market_lines_amount"),
        sa.CheckConstraint("source <> target", "market_lines_apart"),
    )
    op.create_index("market_lines_source", "market_lines", ["source", "txn"])
    op.create_index("market_lines_target", "market_lines", ["target", "txn"])


def _holds_and_balances() -> None:
    op.create_table(
        "market_holds",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.CheckConstraint("amount > 0", "market_holds_amount"),
        sa.CheckConstraint("state IN ('open', 'captured', 'void')", "market_holds_state"),
    )
    _index("market_holds_open", "market_holds", "subject", "state = 'open'")
    op.create_table(
        "market_balances",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("balance", sa.BigInteger, nullable=False),
        sa.Column("held", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "held >= 0 AND"
            " (balance >= held OR substr(account, 1, 7) NOT IN ('wallet:', 'earned:'))",
            "market_balances_solvent",
        ),
    )


def _index(name: str, table: str, column: str, where: str) -> None:
    there = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=there, postgresql_where=there)


def _kept(table: str) -> "list[str]":
    return [
        f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} BEGIN"
        " SELECT RAISE(ABORT, 'the books can only be added to'); END"
        for verb in ("UPDATE", "DELETE")
    ]


_SQLITE = (
    *_kept("market_txns"),
    *_kept("market_lines"),
    """CREATE TRIGGER market_lines_sum AFTER INSERT ON market_lines BEGIN
      INSERT INTO market_balances VALUES (NEW.source, 0, 0) ON CONFLICT DO NOTHING;
      INSERT INTO market_balances VALUES (NEW.target, 0, 0) ON CONFLICT DO NOTHING;
      UPDATE market_balances SET balance = balance + NEW.amount WHERE account = NEW.target;
      UPDATE market_balances SET balance = balance - NEW.amount WHERE account = NEW.source;
    END""",
    """CREATE TRIGGER market_holds_made AFTER INSERT ON market_holds WHEN NEW.state = 'open' BEGIN
      INSERT INTO market_balances VALUES (NEW.account, 0, 0) ON CONFLICT DO NOTHING;
      UPDATE market_balances SET held = held + NEW.amount WHERE account = NEW.account;
    END""",
    """CREATE TRIGGER market_holds_ended AFTER UPDATE ON market_holds
      WHEN OLD.state = 'open' AND NEW.state <> 'open' BEGIN
      UPDATE market_balances SET held = held - OLD.amount WHERE account = OLD.account;
    END""",
    """CREATE TRIGGER market_holds_fixed BEFORE UPDATE ON market_holds
      WHEN OLD.state <> 'open' OR NEW.amount <> OLD.amount OR NEW.account <> OLD.account BEGIN
      SELECT RAISE(ABORT, 'a hold ends once, and is not changed'); END""",
    "CREATE TRIGGER market_holds_delete BEFORE DELETE ON market_holds BEGIN"
    " SELECT RAISE(ABORT, 'a hold ends once, and is not changed'); END",
)
_POSTGRES = (
    "CREATE FUNCTION market_refuse() RETURNS trigger AS $$ BEGIN"
    " RAISE EXCEPTION 'the books can only be added to'; END $$ LANGUAGE plpgsql",
    "CREATE TRIGGER market_txns_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON market_txns"
    " FOR EACH STATEMENT EXECUTE FUNCTION market_refuse()",
    "CREATE TRIGGER market_lines_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON market_lines"
    " FOR EACH STATEMENT EXECUTE FUNCTION market_refuse()",
    "CREATE TRIGGER market_holds_kept BEFORE DELETE OR TRUNCATE ON market_holds"
    " FOR EACH STATEMENT EXECUTE FUNCTION market_refuse()",
    # One posting at a time: two that touch the same accounts in another order would wait for each
    # other. Whoever posts, or ends a hold, comes here before it locks a balance.
    """CREATE FUNCTION market_queue() RETURNS trigger AS $$ BEGIN
      PERFORM pg_advisory_xact_lock(7305614); RETURN NULL; END $$ LANGUAGE plpgsql""",
    "CREATE TRIGGER market_txns_queue BEFORE INSERT ON market_txns"
    " FOR EACH STATEMENT EXECUTE FUNCTION market_queue()",
    "CREATE TRIGGER market_holds_queue BEFORE UPDATE ON market_holds"
    " FOR EACH STATEMENT EXECUTE FUNCTION market_queue()",
    """CREATE FUNCTION market_sum() RETURNS trigger AS $$ BEGIN
      UPDATE market_balances SET balance = balance + NEW.amount WHERE account = NEW.target;
      IF NOT FOUND THEN
        INSERT INTO market_balances VALUES (NEW.target, NEW.amount, 0);
      END IF;
      UPDATE market_balances SET balance = balance - NEW.amount WHERE account = NEW.source;
      IF NOT FOUND THEN
        INSERT INTO market_balances VALUES (NEW.source, -NEW.amount, 0);
      END IF;
      RETURN NULL; END $$ LANGUAGE plpgsql""",
    "CREATE TRIGGER market_lines_sum AFTER INSERT ON market_lines"
    " FOR EACH ROW EXECUTE FUNCTION market_sum()",
    """CREATE FUNCTION market_hold() RETURNS trigger AS $$ BEGIN
      IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'open' THEN
          UPDATE market_balances SET held = held + NEW.amount WHERE account = NEW.account;
          IF NOT FOUND THEN
            INSERT INTO market_balances VALUES (NEW.account, 0, NEW.amount);
          END IF;
        END IF;
      ELSIF OLD.state <> 'open' OR NEW.amount <> OLD.amount OR NEW.account <> OLD.account THEN
        RAISE EXCEPTION 'a hold ends once, and is not changed';
      ELSIF NEW.state <> 'open' THEN
        UPDATE market_balances SET held = held - OLD.amount WHERE account = OLD.account;
      END IF;
      RETURN NULL; END $$ LANGUAGE plpgsql""",
    "CREATE TRIGGER market_holds_sum AFTER INSERT OR UPDATE ON market_holds"
    " FOR EACH ROW EXECUTE FUNCTION market_hold()",
)
