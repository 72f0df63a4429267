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
    at text NOT NULL,
    CONSTRAINT count_events_pkey PRIMARY KEY (article_id, delta),
    CONSTRAINT count_events_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT count_events_category_id_fkey FOREIGN KEY (category_id) REFERENCES categories (id) ON DELETE RESTRICT,
    CONSTRAINT count_events_delta_check CHECK (delta IN (1, -1))
) WITHOUT ROWID;
CREATE INDEX count_events_category_id_idx ON count_events (category_id, at);
CREATE INDEX count_events_at_idx ON count_events (at);
INSERT INTO count_events (article_id, delta, category_id, at)
SELECT article_id, delta, category_id, at FROM visibility_events;
DROP TABLE visibility_events;

ALTER TABLE listings RENAME TO listings_in_three_orders;
DROP INDEX listings_article_id_idx;
CREATE TABLE listings (
    kind smallint NOT NULL,
    reference bigint NOT NULL,
    published_at text NOT NULL,
    article_id bigint NOT NULL,
    CONSTRAINT listings_pkey PRIMARY KEY (kind, reference, published_at, article_id),
    CONSTRAINT listings_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX listings_article_id_idx ON listings (article_id);
INSERT INTO listings (kind, reference, published_at, article_id)
SELECT kind, reference, published_at, article_id FROM listings_in_three_orders WHERE kind <= 6;
DROP TABLE listings_in_three_orders;
