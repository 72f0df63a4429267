-- Counting: what was counted when, what waits to be added up, and how it is decided what counts.

-- The counters of an article: `hits` is every request, `views` what counts of them, on top of `opening_views`. `recounts` is how often
-- its citations were set, which management sees as versions of the article, and readers do not.
CREATE TABLE counters_of_articles (
    article_id integer NOT NULL,
    views bigint NOT NULL,
    downloads bigint NOT NULL,
    citations bigint NOT NULL,
    site_id bigint NOT NULL,
    hits bigint NOT NULL,
    opening_views bigint NOT NULL,
    recounts bigint NOT NULL DEFAULT 0,
    CONSTRAINT article_counters_pkey PRIMARY KEY (article_id),
    CONSTRAINT article_counters_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT article_counters_check CHECK (views >= 0 AND downloads >= 0 AND citations >= 0),
    CONSTRAINT article_counters_hits_check CHECK (hits >= 0)
);
INSERT INTO counters_of_articles
SELECT c.article_id, c.views, c.downloads, c.citations, a.site_id, 0, c.views, 0
FROM article_counters c JOIN articles a ON a.id = c.article_id;
DROP TABLE article_counters;
ALTER TABLE counters_of_articles RENAME TO article_counters;
CREATE INDEX article_counters_views_idx ON article_counters (site_id, views DESC, article_id) WHERE views > 0;
CREATE INDEX article_counters_downloads_idx ON article_counters (site_id, downloads DESC, article_id) WHERE downloads > 0;
CREATE INDEX article_counters_citations_idx ON article_counters (site_id, citations DESC, article_id) WHERE citations > 0;

ALTER TABLE attachment_counters ADD COLUMN hits bigint NOT NULL DEFAULT 0;
ALTER TABLE site_counters ADD COLUMN hits bigint NOT NULL DEFAULT 0;

-- What was counted and is not yet added to the counters: `kind` and `reference` say what of, `day` (since 1970-01-01, by the clock of the site)
-- when.
CREATE TABLE pending_counts (
    kind smallint NOT NULL,
    reference bigint NOT NULL,
    day integer NOT NULL,
    counted bigint NOT NULL,
    hits bigint NOT NULL,
    CONSTRAINT pending_counts_pkey PRIMARY KEY (kind, reference, day)
) WITHOUT ROWID;

-- Who was counted within the window, as hashes: of a visitor and what it saw, or of an address and what was seen from there, then with
-- how many visitors.
CREATE TABLE counting_marks (
    key integer NOT NULL,
    counted_at bigint NOT NULL,
    counted bigint NOT NULL,
    CONSTRAINT counting_marks_pkey PRIMARY KEY (key)
);
CREATE INDEX counting_marks_counted_at_idx ON counting_marks (counted_at);

-- The salts of those hashes, one a day.
CREATE TABLE visitor_salts (
    day integer NOT NULL,
    salt blob NOT NULL,
    CONSTRAINT visitor_salts_pkey PRIMARY KEY (day)
);

-- What an article gained in a period: a day, week, month or year, by the day it starts with.
CREATE TABLE article_periods (
    article_id integer NOT NULL,
    period smallint NOT NULL,
    start integer NOT NULL,
    site_id bigint NOT NULL,
    views bigint NOT NULL,
    hits bigint NOT NULL,
    downloads bigint NOT NULL,
    citations bigint NOT NULL,
    CONSTRAINT article_periods_pkey PRIMARY KEY (article_id, period, start),
    CONSTRAINT article_periods_article_id_fkey FOREIGN KEY (article_id) REFERENCES article_counters (article_id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX article_periods_start_idx ON article_periods (period, start);
CREATE INDEX article_periods_views_idx ON article_periods (site_id, period, start, views DESC, article_id) WHERE views > 0;
CREATE INDEX article_periods_downloads_idx ON article_periods (site_id, period, start, downloads DESC, article_id) WHERE downloads > 0;
CREATE INDEX article_periods_citations_idx ON article_periods (site_id, period, start, citations DESC, article_id) WHERE citations > 0;

-- What sites, categories and sources gained a day; a source on each site by itself.
CREATE TABLE daily_totals (
    kind smallint NOT NULL,
    day integer NOT NULL,
    site_id bigint NOT NULL,
    reference bigint NOT NULL,
    views bigint NOT NULL,
    hits bigint NOT NULL,
    downloads bigint NOT NULL,
    visits bigint NOT NULL,
    CONSTRAINT daily_totals_pkey PRIMARY KEY (kind, day, site_id, reference)
) WITHOUT ROWID;
CREATE INDEX daily_totals_reference_idx ON daily_totals (kind, reference);
CREATE INDEX daily_totals_site_id_idx ON daily_totals (site_id);

-- How it was decided what counts, since when.
CREATE TABLE counting_policies (
    version integer NOT NULL,
    since text NOT NULL,
    rules text NOT NULL,
    CONSTRAINT counting_policies_pkey PRIMARY KEY (version)
);
