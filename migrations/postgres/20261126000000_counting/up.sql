-- Counting: what was counted when, what waits to be added up, and how it is decided what counts.

-- The counters of an article: `hits` is every request, `views` what counts of them, on top of `opening_views`. `recounts` is how often
-- its citations were set, which management sees as versions of the article, and readers do not.
ALTER TABLE article_counters
    ADD COLUMN site_id bigint,
    ADD COLUMN hits bigint NOT NULL DEFAULT 0,
    ADD COLUMN opening_views bigint NOT NULL DEFAULT 0,
    ADD COLUMN recounts bigint NOT NULL DEFAULT 0;
UPDATE article_counters
SET opening_views = views, site_id = (SELECT articles.site_id FROM articles WHERE articles.id = article_counters.article_id);
ALTER TABLE article_counters
    ALTER COLUMN site_id SET NOT NULL,
    ALTER COLUMN hits DROP DEFAULT,
    ALTER COLUMN opening_views DROP DEFAULT,
    ADD CONSTRAINT article_counters_hits_check CHECK (hits >= 0);
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
) WITH (fillfactor = 70);

-- Who was counted within the window, as hashes: of a visitor and what it saw, or of an address and what was seen from there, then with
-- how many visitors.
CREATE TABLE counting_marks (
    key bigint NOT NULL,
    counted_at bigint NOT NULL,
    counted bigint NOT NULL,
    CONSTRAINT counting_marks_pkey PRIMARY KEY (key)
) WITH (fillfactor = 70);
CREATE INDEX counting_marks_counted_at_idx ON counting_marks (counted_at);

-- The salts of those hashes, one a day.
CREATE TABLE visitor_salts (
    day integer NOT NULL,
    salt bytea NOT NULL,
    CONSTRAINT visitor_salts_pkey PRIMARY KEY (day)
);

-- What an article gained in a period: a day, week, month or year, by the day it starts with.
CREATE TABLE article_periods (
    article_id bigint NOT NULL,
    period smallint NOT NULL,
    start integer NOT NULL,
    site_id bigint NOT NULL,
    views bigint NOT NULL,
    hits bigint NOT NULL,
    downloads bigint NOT NULL,
    citations bigint NOT NULL,
    CONSTRAINT article_periods_pkey PRIMARY KEY (article_id, period, start),
    CONSTRAINT article_periods_article_id_fkey FOREIGN KEY (article_id) REFERENCES article_counters (article_id) ON DELETE CASCADE
);
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
);
CREATE INDEX daily_totals_reference_idx ON daily_totals (kind, reference);
CREATE INDEX daily_totals_site_id_idx ON daily_totals (site_id);

-- How it was decided what counts, since when.
CREATE TABLE counting_policies (
    version integer NOT NULL,
    since timestamptz NOT NULL,
    rules jsonb NOT NULL,
    CONSTRAINT counting_policies_pkey PRIMARY KEY (version)
);
