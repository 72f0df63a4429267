-- What delivery needs beyond single pages: lists in three orders, change stamps, a feed of changes, old slugs.
-- `listings` and the events are derived from the articles; `maintenance` has the next start fill them again.

CREATE TABLE maintenance (
    task text NOT NULL,
    CONSTRAINT maintenance_pkey PRIMARY KEY (task)
) WITHOUT ROWID;
INSERT INTO maintenance (task) SELECT 'reindex' WHERE EXISTS (SELECT 1 FROM articles);

DROP TABLE listings;
CREATE TABLE listings (
    kind smallint NOT NULL,
    reference bigint NOT NULL,
    published_at text NOT NULL,
    article_id bigint NOT NULL,
    updated_at text NOT NULL,
    title_key text NOT NULL,
    CONSTRAINT listings_pkey PRIMARY KEY (kind, reference, published_at, article_id),
    CONSTRAINT listings_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX listings_article_id_idx ON listings (article_id);
CREATE INDEX listings_updated_at_idx ON listings (kind, reference, updated_at, article_id);
CREATE INDEX listings_title_key_idx ON listings (kind, reference, title_key, article_id);

DROP TABLE count_events;
DELETE FROM category_counts;
CREATE TABLE visibility_events (
    article_id bigint NOT NULL,
    delta bigint NOT NULL,
    site_id bigint NOT NULL,
    category_id bigint NOT NULL,
    at text NOT NULL,
    CONSTRAINT visibility_events_pkey PRIMARY KEY (article_id, delta),
    CONSTRAINT visibility_events_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT visibility_events_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE,
    CONSTRAINT visibility_events_category_id_fkey FOREIGN KEY (category_id) REFERENCES categories (id) ON DELETE RESTRICT,
    CONSTRAINT visibility_events_delta_check CHECK (delta IN (1, -1))
) WITHOUT ROWID;
CREATE INDEX visibility_events_site_id_idx ON visibility_events (site_id, at);
CREATE INDEX visibility_events_category_id_idx ON visibility_events (category_id, at);
CREATE INDEX visibility_events_at_idx ON visibility_events (at, article_id);

-- `changed_at` is the time of the last committed change: it only grows, by a microsecond at least. `modified_at` is the same
-- for `Last-Modified`: no two changes share a second. Here of everything, below of each site.
CREATE TABLE change_clock (
    id integer NOT NULL CONSTRAINT change_clock_pkey PRIMARY KEY,
    changed_at text NOT NULL,
    modified_at text NOT NULL,
    CONSTRAINT change_clock_id_check CHECK (id = 1)
);
INSERT INTO change_clock (id, changed_at, modified_at)
SELECT 1, coalesce(max(updated_at), '2026-01-01T00:00:00.000000Z'), coalesce(max(updated_at), '2026-01-01T00:00:00.000000Z') FROM sites;

CREATE TABLE site_stamps (
    site_id integer NOT NULL,
    modified_at text NOT NULL,
    CONSTRAINT site_stamps_pkey PRIMARY KEY (site_id),
    CONSTRAINT site_stamps_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE
);
INSERT INTO site_stamps (site_id, modified_at) SELECT id, updated_at FROM sites;

-- The last change of each article that is, was or will be public; it outlives the article. `changed_at` and `public_from` are
-- settled when the transaction that writes them is stamped.
CREATE TABLE article_changes (
    article_id integer NOT NULL,
    site_id bigint NOT NULL,
    changed_at text,
    withdrawn_at text,
    reason text,
    public_from text,
    CONSTRAINT article_changes_pkey PRIMARY KEY (article_id),
    CONSTRAINT article_changes_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE,
    CONSTRAINT article_changes_withdrawn_at_check CHECK ((withdrawn_at IS NULL) = (reason IS NULL))
);
CREATE INDEX article_changes_changed_at_idx ON article_changes (changed_at, article_id);
CREATE INDEX article_changes_site_id_idx ON article_changes (site_id, changed_at, article_id);

-- The language that a slug serves; null is the article's own slug, which serves any.
ALTER TABLE article_slugs ADD COLUMN locale text;
UPDATE article_slugs SET locale = (
    SELECT min(t.locale) FROM article_texts t WHERE t.article_id = article_slugs.article_id AND t.slug = article_slugs.slug
) WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.id = article_slugs.article_id AND a.slug = article_slugs.slug);

-- Slugs that an article had before lead to the one it has. Several may have had the same one.
CREATE TABLE former_slugs (
    site_id bigint NOT NULL,
    slug text NOT NULL,
    article_id bigint NOT NULL,
    locale text,
    retired_at text NOT NULL,
    CONSTRAINT former_slugs_pkey PRIMARY KEY (site_id, slug, article_id),
    CONSTRAINT former_slugs_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE,
    CONSTRAINT former_slugs_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX former_slugs_article_id_idx ON former_slugs (article_id);
