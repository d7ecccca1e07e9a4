"""The index of words in what is offered to everybody, which triggers keep."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make it."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if sqlite else _POSTGRES:
        op.execute(statement)


_SQLITE = (
    "CREATE VIRTUAL TABLE market_search USING fts5"
    " (listing UNINDEXED, title, tags, text, tokenize = 'unicode61 remove_diacritics 2')",
    # The numbers of rows in FTS5; those of `market_listings` itself may change with a VACUUM.
    "CREATE TABLE market_search_rows (id INTEGER PRIMARY KEY, listing TEXT NOT NULL UNIQUE)",
    """CREATE TRIGGER market_search_kept AFTER UPDATE OF state, visibility, title, tags, text
      ON market_listings BEGIN
      DELETE FROM market_search
        WHERE rowid = (SELECT id FROM market_search_rows WHERE listing = NEW.id);
      INSERT INTO market_search_rows (listing) VALUES (NEW.id) ON CONFLICT DO NOTHING;
      INSERT INTO market_search (rowid, listing, title, tags, text)
        SELECT id, NEW.id, NEW.title, NEW.tags, NEW.text FROM market_search_rows
        WHERE listing = NEW.id AND NEW.state = 'listed' AND NEW.visibility = 'public';
    END""",
)
_POSTGRES = (
    """CREATE TABLE market_search (
      listing text PRIMARY KEY REFERENCES market_listings (id), words tsvector NOT NULL)""",
    "CREATE INDEX market_search_words ON market_search USING gin (words)",
    """CREATE FUNCTION market_words() RETURNS trigger AS $$ BEGIN
      DELETE FROM market_search WHERE listing = NEW.id;
      IF NEW.state = 'listed' AND NEW.visibility = 'public' THEN
        INSERT INTO market_search VALUES (NEW.id,
          setweight(to_tsvector('simple', NEW.title), 'A') ||
          setweight(to_tsvector('simple', replace(NEW.tags, ',', ' ')), 'B') ||
          setweight(to_tsvector('simple', NEW.text), 'D'));
      END IF;
      RETURN NULL; END $$ LANGUAGE plpgsql""",
    "CREATE TRIGGER market_search_kept AFTER UPDATE OF state, visibility, title, tags, text"
    " ON market_listings FOR EACH ROW EXECUTE FUNCTION market_words()",
)
