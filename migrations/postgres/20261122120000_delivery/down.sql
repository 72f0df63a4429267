DROP TABLE former_slugs;
ALTER TABLE article_slugs DROP COLUMN locale;

DROP TABLE article_changes;
DROP TABLE site_stamps;
DROP TABLE change_clock;
DROP TABLE maintenance;

CREATE TABLE count_events (
    article_id bigint NOT NULL,
    delta bigint NOT NULL,
    category_id bigint NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT count_events_pkey PRIMARY KEY (article_id, delta),
    CONSTRAINT count_events_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT count_events_category_id_fkey FOREIGN KEY (category_id) REFERENCES categories (id) ON DELETE RESTRICT,
    CONSTRAINT count_events_delta_check CHECK (delta IN (1, -1))
);
CREATE INDEX count_events_category_id_idx ON count_events (category_id, at);
CREATE INDEX count_events_at_idx ON count_events (at);
INSERT INTO count_events (article_id, delta, category_id, at)
SELECT article_id, delta, category_id, at FROM visibility_events;
DROP TABLE visibility_events;

DELETE FROM listings WHERE kind > 6;
ALTER TABLE listings DROP COLUMN updated_at, DROP COLUMN title_key;
