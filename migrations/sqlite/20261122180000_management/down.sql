CREATE TABLE article_changes_before (
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
INSERT INTO article_changes_before SELECT article_id, site_id, changed_at, withdrawn_at, reason, public_from FROM article_changes
WHERE site_id IN (SELECT id FROM sites);
DROP TABLE article_changes;
ALTER TABLE article_changes_before RENAME TO article_changes;
CREATE INDEX article_changes_changed_at_idx ON article_changes (changed_at, article_id);
CREATE INDEX article_changes_site_id_idx ON article_changes (site_id, changed_at, article_id);
DROP INDEX articles_category_id_idx;
CREATE INDEX articles_category_id_idx ON articles (category_id);
DROP INDEX articles_updated_at_idx;
DROP INDEX articles_site_id_idx;
DROP INDEX articles_status_idx;
DROP TABLE article_owners;
DROP TABLE audit_log;
DROP TABLE idempotency_keys;
DROP TABLE sign_in_failures;
DROP TABLE signing_keys;
DROP TABLE api_keys;
DROP TABLE sessions;
DROP TABLE users;
