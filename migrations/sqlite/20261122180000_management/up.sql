-- Who may write, and what remembers it: accounts, sessions, keys, answers to repeat, the audit log.

-- `email_key` is the address folded, so that nobody has two accounts. `grants` are rights in single sites and categories.
CREATE TABLE users (
    id integer NOT NULL CONSTRAINT users_pkey PRIMARY KEY AUTOINCREMENT,
    email text NOT NULL,
    email_key text NOT NULL,
    name text NOT NULL,
    password_hash text,
    external_subject text,
    role text,
    grants text NOT NULL,
    is_active boolean NOT NULL,
    signed_in_at text,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT users_email_key_key UNIQUE (email_key),
    CONSTRAINT users_external_subject_key UNIQUE (external_subject),
    CONSTRAINT users_role_check CHECK (role IN ('reader', 'author', 'reviewer', 'editor', 'admin'))
);

-- A sign-in with all refresh tokens that came of it. Only the newest one is good; it is known by its `generation`.
CREATE TABLE sessions (
    id integer NOT NULL CONSTRAINT sessions_pkey PRIMARY KEY AUTOINCREMENT,
    user_id bigint NOT NULL,
    generation bigint NOT NULL,
    rotated_at text NOT NULL,
    created_at text NOT NULL,
    expires_at text NOT NULL,
    revoked_at text,
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE api_keys (
    id integer NOT NULL CONSTRAINT api_keys_pkey PRIMARY KEY AUTOINCREMENT,
    user_id bigint NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    digest blob NOT NULL,
    scopes text NOT NULL,
    expires_at text,
    last_used_at text,
    revoked_at text,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT api_keys_prefix_key UNIQUE (prefix),
    CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX api_keys_user_id_idx ON api_keys (user_id);

-- A key is published from `created_at` on, signs from `signs_from` until the next one does, and is gone at `retires_at`.
CREATE TABLE signing_keys (
    kid text NOT NULL,
    private_key blob NOT NULL,
    created_at text NOT NULL,
    signs_from text NOT NULL,
    retires_at text,
    CONSTRAINT signing_keys_pkey PRIMARY KEY (kid)
) WITHOUT ROWID;

-- Accounts and addresses, both as keyed hashes, that failed to sign in.
CREATE TABLE sign_in_failures (
    subject text NOT NULL,
    failures bigint NOT NULL,
    last_failed_at text NOT NULL,
    blocked_until text NOT NULL,
    CONSTRAINT sign_in_failures_pkey PRIMARY KEY (subject)
) WITHOUT ROWID;
CREATE INDEX sign_in_failures_last_failed_at_idx ON sign_in_failures (last_failed_at);

-- Answers to requests with an Idempotency-Key; without a status while the first one still runs.
CREATE TABLE idempotency_keys (
    principal text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    claimed_at text NOT NULL,
    status integer,
    headers text,
    body text,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (principal, key),
    CONSTRAINT idempotency_keys_status_check CHECK ((status IS NULL) = (headers IS NULL))
);
CREATE INDEX idempotency_keys_claimed_at_idx ON idempotency_keys (claimed_at);

-- Outlives what it speaks of, so it refers to nothing.
CREATE TABLE audit_log (
    id integer NOT NULL CONSTRAINT audit_log_pkey PRIMARY KEY AUTOINCREMENT,
    at text NOT NULL,
    action text NOT NULL,
    resource text NOT NULL,
    resource_id bigint,
    site_id bigint,
    user_id bigint,
    api_key_id bigint,
    actor text NOT NULL,
    address_hash text,
    trace_id text,
    before text,
    after text
);
CREATE INDEX audit_log_at_idx ON audit_log (at);
CREATE INDEX audit_log_action_idx ON audit_log (action, id);
CREATE INDEX audit_log_resource_idx ON audit_log (resource, resource_id, id);
CREATE INDEX audit_log_resource_newest_idx ON audit_log (resource, id);
CREATE INDEX audit_log_site_id_idx ON audit_log (site_id, id);
CREATE INDEX audit_log_user_id_idx ON audit_log (user_id, id);
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- Who made an article through the API.
CREATE TABLE article_owners (
    article_id integer NOT NULL,
    user_id bigint NOT NULL,
    CONSTRAINT article_owners_pkey PRIMARY KEY (article_id),
    CONSTRAINT article_owners_article_id_fkey FOREIGN KEY (article_id) REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT article_owners_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX article_owners_user_id_idx ON article_owners (user_id);

-- The lists that editors see: last changed first.
CREATE INDEX articles_updated_at_idx ON articles (updated_at, id);
CREATE INDEX articles_site_id_idx ON articles (site_id, updated_at, id);
CREATE INDEX articles_status_idx ON articles (status, updated_at, id);
DROP INDEX articles_category_id_idx;
CREATE INDEX articles_category_id_idx ON articles (category_id, updated_at, id);

-- What was withdrawn stays so, also when its site goes: the same without a reference to the site.
CREATE TABLE article_changes_kept (
    article_id integer NOT NULL,
    site_id bigint NOT NULL,
    changed_at text,
    withdrawn_at text,
    reason text,
    public_from text,
    CONSTRAINT article_changes_pkey PRIMARY KEY (article_id),
    CONSTRAINT article_changes_withdrawn_at_check CHECK ((withdrawn_at IS NULL) = (reason IS NULL))
);
INSERT INTO article_changes_kept SELECT article_id, site_id, changed_at, withdrawn_at, reason, public_from FROM article_changes;
DROP TABLE article_changes;
ALTER TABLE article_changes_kept RENAME TO article_changes;
CREATE INDEX article_changes_changed_at_idx ON article_changes (changed_at, article_id);
CREATE INDEX article_changes_site_id_idx ON article_changes (site_id, changed_at, article_id);
