-- Everything a portal file can say. Instants are fixed-width RFC 3339 text in UTC, JSON documents are text.

CREATE TABLE secrets (
    name text NOT NULL,
    value blob NOT NULL,
    created_at text NOT NULL,
    CONSTRAINT secrets_pkey PRIMARY KEY (name)
) WITHOUT ROWID;

CREATE TABLE sites (
    id integer NOT NULL CONSTRAINT sites_pkey PRIMARY KEY AUTOINCREMENT,
    slug text NOT NULL,
    name text NOT NULL,
    default_locale text NOT NULL,
    locales text NOT NULL,
    utc_offset text NOT NULL,
    home_label text,
    owner text,
    copyright text,
    copyright_notice text,
    url_template text,
    registrations text NOT NULL,
    contacts text NOT NULL,
    credits text NOT NULL,
    blocks text NOT NULL,
    identity text NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT sites_slug_key UNIQUE (slug)
);

CREATE TABLE site_counters (
    site_id integer NOT NULL,
    visitors bigint NOT NULL,
    CONSTRAINT site_counters_pkey PRIMARY KEY (site_id),
    CONSTRAINT site_counters_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE,
    CONSTRAINT site_counters_visitors_check CHECK (visitors >= 0)
);

CREATE TABLE sources (
    id integer NOT NULL CONSTRAINT sources_pkey PRIMARY KEY AUTOINCREMENT,
    slug text NOT NULL,
    name text NOT NULL,
    url text,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT sources_slug_key UNIQUE (slug)
);

CREATE TABLE categories (
    id integer NOT NULL CONSTRAINT categories_pkey PRIMARY KEY AUTOINCREMENT,
    site_id bigint NOT NULL,
    parent_id bigint,
    path text NOT NULL,
    name text NOT NULL,
    position bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT categories_path_key UNIQUE (site_id, path),
    CONSTRAINT categories_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE,
    CONSTRAINT categories_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES categories (id) ON DELETE RESTRICT
);
CREATE INDEX categories_parent_id_idx ON categories (parent_id, position);
CREATE INDEX categories_position_idx ON categories (site_id, position);

CREATE TABLE category_counts (
    category_id integer NOT NULL,
    articles bigint NOT NULL,
    CONSTRAINT category_counts_pkey PRIMARY KEY (category_id),
    CONSTRAINT category_counts_category_id_fkey FOREIGN KEY (category_id) REFERENCES categories (id) ON DELETE CASCADE
);

CREATE TABLE topics (
    id integer NOT NULL CONSTRAINT topics_pkey PRIMARY KEY AUTOINCREMENT,
    site_id bigint NOT NULL,
    key text NOT NULL,
    title text NOT NULL,
    year integer,
    position bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT topics_key_key UNIQUE (site_id, key),
    CONSTRAINT topics_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE
);
CREATE INDEX topics_position_idx ON topics (site_id, position, id);

CREATE TABLE menus (
    id integer NOT NULL CONSTRAINT menus_pkey PRIMARY KEY AUTOINCREMENT,
    site_id bigint NOT NULL,
    key text NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT menus_key_key UNIQUE (site_id, key),
    CONSTRAINT menus_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE
);

CREATE TABLE menu_items (
    menu_id bigint NOT NULL,
    position integer NOT NULL,
    depth integer NOT NULL,
    label text NOT NULL,
    url text,
    category_id bigint,
    CONSTRAINT menu_items_pkey PRIMARY KEY (menu_id, position),
    CONSTRAINT menu_items_menu_id_fkey FOREIGN KEY (menu_id) REFERENCES menus (id) ON DELETE CASCADE,
    CONSTRAINT menu_items_category_id_fkey FOREIGN KEY (category_id) REFERENCES categories (id) ON DELETE RESTRICT,
    CONSTRAINT menu_items_target_check CHECK (url IS NULL OR category_id IS NULL)
) WITHOUT ROWID;
CREATE INDEX menu_items_category_id_idx ON menu_items (category_id);

CREATE TABLE link_groups (
    id integer NOT NULL CONSTRAINT link_groups_pkey PRIMARY KEY AUTOINCREMENT,
    site_id bigint NOT NULL,
    key text NOT NULL,
    title text NOT NULL,
    links text NOT NULL,
    position bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT link_groups_key_key UNIQUE (site_id, key),
    CONSTRAINT link_groups_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE
);
CREATE INDEX link_groups_position_idx ON link_groups (site_id, position);

CREATE TABLE articles (
    id integer NOT NULL CONSTRAINT articles_pkey PRIMARY KEY AUTOINCREMENT,
    site_id bigint NOT NULL,
    key text NOT NULL,
    slug text NOT NULL,
    category_id bigint NOT NULL,
    status text NOT NULL,
    locale text NOT NULL,
    published_at text NOT NULL,
    published_offset integer NOT NULL,
    published_precision text NOT NULL,
    unpublish_at text,
    event_date date,
    source_line text,
    cover text,
    audio text NOT NULL,
    has_attachments boolean NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT articles_key_key UNIQUE (site_id, key),
    CONSTRAINT articles_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE RESTRICT,
    CONSTRAINT articles_category_id_fkey FOREIGN KEY (category_id) REFERENCES categories (id) ON DELETE RESTRICT,
    CONSTRAINT articles_status_check CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT articles_published_precision_check CHECK (published_precision IN ('date', 'minute', 'second'))
);
CREATE INDEX articles_category_id_idx ON articles (category_id);
CREATE INDEX articles_unpublish_at_idx ON articles (unpublish_at) WHERE unpublish_at IS NOT NULL;

CREATE TABLE article_texts (
    article_id bigint NOT NULL,
    locale text NOT NULL,
    slug text,
    title text NOT NULL,
    subtitle text,
    summary text,
    summary_label text,
    byline text,
    keywords text NOT NULL,
    contributors text NOT NULL,
    outline text NOT NULL,
    reading_minutes integer NOT NULL,
    body_html text NOT NULL,
    CONSTRAINT article_texts_pkey PRIMARY KEY (article_id, locale),
    CONSTRAINT article_texts_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE
);

CREATE TABLE article_slugs (
    site_id bigint NOT NULL,
    slug text NOT NULL,
    article_id bigint NOT NULL,
    CONSTRAINT article_slugs_pkey PRIMARY KEY (site_id, slug),
    CONSTRAINT article_slugs_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE,
    CONSTRAINT article_slugs_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX article_slugs_article_id_idx ON article_slugs (article_id);

CREATE TABLE article_counters (
    article_id integer NOT NULL,
    views bigint NOT NULL,
    downloads bigint NOT NULL,
    citations bigint NOT NULL,
    CONSTRAINT article_counters_pkey PRIMARY KEY (article_id),
    CONSTRAINT article_counters_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT article_counters_check CHECK (views >= 0 AND downloads >= 0 AND citations >= 0)
);

CREATE TABLE contributors (
    id integer NOT NULL CONSTRAINT contributors_pkey PRIMARY KEY AUTOINCREMENT,
    site_id bigint NOT NULL,
    identity text NOT NULL,
    key text,
    CONSTRAINT contributors_identity_key UNIQUE (site_id, identity),
    CONSTRAINT contributors_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE
);

CREATE TABLE article_contributors (
    article_id bigint NOT NULL,
    position integer NOT NULL,
    contributor_id bigint NOT NULL,
    role text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    affiliation text,
    CONSTRAINT article_contributors_pkey PRIMARY KEY (article_id, position),
    CONSTRAINT article_contributors_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT article_contributors_contributor_id_fkey FOREIGN KEY (contributor_id) REFERENCES contributors (id) ON DELETE RESTRICT,
    CONSTRAINT article_contributors_kind_check CHECK (kind IN ('person', 'organization'))
) WITHOUT ROWID;
CREATE INDEX article_contributors_contributor_id_idx ON article_contributors (contributor_id);

CREATE TABLE article_sources (
    article_id bigint NOT NULL,
    position integer NOT NULL,
    source_id bigint NOT NULL,
    CONSTRAINT article_sources_pkey PRIMARY KEY (article_id, position),
    CONSTRAINT article_sources_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT article_sources_source_id_fkey FOREIGN KEY (source_id) REFERENCES sources (id) ON DELETE RESTRICT
) WITHOUT ROWID;
CREATE INDEX article_sources_source_id_idx ON article_sources (source_id);

CREATE TABLE article_topics (
    article_id bigint NOT NULL,
    position integer NOT NULL,
    topic_id bigint NOT NULL,
    CONSTRAINT article_topics_pkey PRIMARY KEY (article_id, position),
    CONSTRAINT article_topics_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT article_topics_topic_id_fkey FOREIGN KEY (topic_id) REFERENCES topics (id) ON DELETE RESTRICT
) WITHOUT ROWID;
CREATE INDEX article_topics_topic_id_idx ON article_topics (topic_id);

CREATE TABLE article_related (
    article_id bigint NOT NULL,
    position integer NOT NULL,
    related_id bigint NOT NULL,
    CONSTRAINT article_related_pkey PRIMARY KEY (article_id, position),
    CONSTRAINT article_related_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT article_related_related_id_fkey FOREIGN KEY (related_id) REFERENCES articles (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX article_related_related_id_idx ON article_related (related_id);

CREATE TABLE attachments (
    id integer NOT NULL CONSTRAINT attachments_pkey PRIMARY KEY AUTOINCREMENT,
    article_id bigint NOT NULL,
    position integer NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    media_type text,
    size bigint,
    sha256 text,
    CONSTRAINT attachments_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE
);
CREATE INDEX attachments_article_id_idx ON attachments (article_id, position);

CREATE TABLE attachment_counters (
    attachment_id integer NOT NULL,
    downloads bigint NOT NULL,
    CONSTRAINT attachment_counters_pkey PRIMARY KEY (attachment_id),
    CONSTRAINT attachment_counters_attachment_id_fkey FOREIGN KEY (attachment_id) REFERENCES attachments (id) ON DELETE CASCADE,
    CONSTRAINT attachment_counters_downloads_check CHECK (downloads >= 0)
);

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

CREATE TABLE listings (
    kind smallint NOT NULL,
    reference bigint NOT NULL,
    published_at text NOT NULL,
    article_id bigint NOT NULL,
    CONSTRAINT listings_pkey PRIMARY KEY (kind, reference, published_at, article_id),
    CONSTRAINT listings_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX listings_article_id_idx ON listings (article_id);