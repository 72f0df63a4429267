-- From draft to published and back: more states, the revisions of articles, and category paths that lead on.

ALTER TABLE articles DROP CONSTRAINT articles_status_check;
ALTER TABLE articles ADD CONSTRAINT articles_status_check
    CHECK (status IN ('draft', 'in_review', 'approved', 'published', 'archived', 'retracted'));
ALTER TABLE articles ADD COLUMN retracted_at timestamptz;
ALTER TABLE articles ADD COLUMN retraction_reason text;
ALTER TABLE articles ADD CONSTRAINT articles_retracted_at_check
    CHECK ((status = 'retracted') = (retracted_at IS NOT NULL) AND (retracted_at IS NULL) = (retraction_reason IS NULL));
-- The number of the newest revision.
ALTER TABLE articles ADD COLUMN revision bigint NOT NULL DEFAULT 1;

-- Every save of an article. `content` is what it was, packed, and `superseded_at` when the next one came; both are
-- null for the newest revision, which is the article as it stands.
CREATE TABLE article_revisions (
    article_id bigint NOT NULL,
    number bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    action text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    title text NOT NULL,
    article_version bigint NOT NULL,
    comment text,
    created_by bigint,
    actor text NOT NULL,
    is_pinned boolean NOT NULL DEFAULT FALSE,
    created_at timestamptz NOT NULL,
    superseded_at timestamptz,
    content bytea,
    CONSTRAINT article_revisions_pkey PRIMARY KEY (article_id, number),
    CONSTRAINT article_revisions_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE
);
-- What may be deleted for its age, which counts from when it was superseded.
CREATE INDEX article_revisions_superseded_at_idx ON article_revisions (superseded_at)
    WHERE superseded_at IS NOT NULL AND NOT is_pinned;
INSERT INTO article_revisions (article_id, number, action, status, title, article_version, created_by, actor, created_at)
SELECT a.id, 1, 'upgrade', CASE WHEN a.status = 'published' AND a.published_at > a.updated_at THEN 'scheduled' ELSE a.status END, t.title, a.version, o.user_id, 'masthead', a.updated_at
FROM articles a
JOIN article_texts t ON t.article_id = a.id AND t.locale = a.locale
LEFT JOIN article_owners o ON o.article_id = a.id;

-- Where categories were before. The last one that gave a path up has it here.
CREATE TABLE former_category_paths (
    site_id bigint NOT NULL,
    path text COLLATE "C" NOT NULL,
    category_id bigint NOT NULL,
    retired_at timestamptz NOT NULL,
    CONSTRAINT former_category_paths_pkey PRIMARY KEY (site_id, path),
    CONSTRAINT former_category_paths_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE,
    CONSTRAINT former_category_paths_category_id_fkey FOREIGN KEY (category_id) REFERENCES categories (id) ON DELETE CASCADE
);
CREATE INDEX former_category_paths_category_id_idx ON former_category_paths (category_id, path);
-- It is packed already.
ALTER TABLE article_revisions ALTER COLUMN content SET STORAGE EXTERNAL;
