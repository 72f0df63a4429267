-- Search: an inverted index in immutable segments, what is gone from them, and which articles are to be indexed anew.

-- A segment indexes some articles once and for all. `state` 0 is one that is being made, 1 one that is searched, 2 one whose pages are only
-- still to be removed. `format` is the version of what becomes of a text, negative while something newer is made in its place. `header` says
-- where what stands in its pages.
CREATE TABLE search_segments (
    id integer NOT NULL CONSTRAINT search_segments_pkey PRIMARY KEY AUTOINCREMENT,
    state smallint NOT NULL,
    format smallint NOT NULL,
    documents bigint NOT NULL,
    deleted bigint NOT NULL,
    bytes bigint NOT NULL,
    header blob NOT NULL
);

-- The pages of segments: segment * 2^27 + file * 2^24 + number.
CREATE TABLE search_pages (
    id integer NOT NULL CONSTRAINT search_pages_pkey PRIMARY KEY,
    data blob NOT NULL
);

-- What a segment holds that is no longer so, a bit a document: segment * 2^20 + the number of 8,192 documents.
CREATE TABLE search_deletions (
    id integer NOT NULL CONSTRAINT search_deletions_pkey PRIMARY KEY,
    bits blob NOT NULL
);

-- Articles to index anew because something that they name has changed.
CREATE TABLE search_queue (
    article_id integer NOT NULL CONSTRAINT search_queue_pkey PRIMARY KEY
);

-- What is there already is indexed by the next start.
INSERT INTO maintenance (task) SELECT 'search' WHERE EXISTS (SELECT 1 FROM articles);

-- Whether articles of a site are shown in the other Chinese script where they lack it.
ALTER TABLE sites ADD COLUMN script_variants boolean NOT NULL DEFAULT TRUE;

-- What editors want instead of what the dictionaries say when a text is put into the other script.
CREATE TABLE script_phrases (
    id integer NOT NULL CONSTRAINT script_phrases_pkey PRIMARY KEY AUTOINCREMENT,
    site_id bigint NOT NULL,
    hans text NOT NULL,
    hant text NOT NULL,
    direction text NOT NULL,
    note text,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT script_phrases_pair_key UNIQUE (site_id, hans, hant),
    CONSTRAINT script_phrases_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE
);

-- What may complete what somebody types: which text goes on from which beginning. `list` is what it is (titles, keywords, categories, sources)
-- and how it is typed; `reference` is the article, category, source or suggested keyword. Readers look at what it refers to, so a row too
-- many does no harm.
CREATE TABLE suggestion_keys (
    list smallint NOT NULL,
    key text NOT NULL,
    reference bigint NOT NULL,
    site_id bigint NOT NULL,
    CONSTRAINT suggestion_keys_pkey PRIMARY KEY (list, key, reference)
) WITHOUT ROWID;

-- The keywords of listed articles, once each in a site. `list` is the reference of the keyword's list in `listings`.
CREATE TABLE suggested_keywords (
    id integer NOT NULL CONSTRAINT suggested_keywords_pkey PRIMARY KEY AUTOINCREMENT,
    site_id bigint NOT NULL,
    list bigint NOT NULL,
    keyword text NOT NULL,
    CONSTRAINT suggested_keywords_site_id_key UNIQUE (site_id, list),
    CONSTRAINT suggested_keywords_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE
);

-- The next start makes lists, counts and suggestions anew.
INSERT INTO maintenance (task) SELECT 'reindex'
WHERE EXISTS (SELECT 1 FROM articles) AND NOT EXISTS (SELECT 1 FROM maintenance WHERE task = 'reindex');
