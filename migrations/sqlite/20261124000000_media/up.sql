-- Files: what was uploaded, what people call it, and which articles use it.

-- Bytes in the storage, once however often they were uploaded. `variants` are the smaller copies of a picture.
CREATE TABLE media_files (
    sha256 text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    width integer,
    height integer,
    variants text NOT NULL,
    created_at text NOT NULL,
    CONSTRAINT media_files_pkey PRIMARY KEY (sha256),
    CONSTRAINT media_files_sha256_check CHECK (length(sha256) = 64),
    CONSTRAINT media_files_size_check CHECK (size > 0),
    CONSTRAINT media_files_width_check CHECK ((width IS NULL) = (height IS NULL))
);

-- A file as a site knows it; without a site all of them do.
CREATE TABLE media (
    id integer NOT NULL CONSTRAINT media_pkey PRIMARY KEY AUTOINCREMENT,
    site_id bigint,
    key text NOT NULL,
    sha256 text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    alt text,
    created_by bigint,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT media_key_key UNIQUE (site_id, key),
    CONSTRAINT media_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE RESTRICT,
    CONSTRAINT media_sha256_fkey FOREIGN KEY (sha256) REFERENCES media_files (sha256) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX media_shared_key_idx ON media (key) WHERE site_id IS NULL;
CREATE INDEX media_sha256_idx ON media (sha256);
CREATE INDEX media_site_id_idx ON media (site_id, id);
CREATE INDEX media_site_id_kind_idx ON media (site_id, kind, id);
CREATE INDEX media_kind_idx ON media (kind, id);

-- Which articles refer to which media, in whatever state they are.
CREATE TABLE media_uses (
    article_id bigint NOT NULL,
    media_id integer NOT NULL,
    CONSTRAINT media_uses_pkey PRIMARY KEY (article_id, media_id),
    CONSTRAINT media_uses_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT media_uses_media_id_fkey FOREIGN KEY (media_id) REFERENCES media (id) ON DELETE RESTRICT
);
CREATE INDEX media_uses_media_id_idx ON media_uses (media_id, article_id);
