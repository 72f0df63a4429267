-- The check for injected text: its rules, what it found, what is held back for it, and its runs over what is there already.

-- A quarantined article does not exist for readers; `held_status` says what it is once nothing holds it back any more.
ALTER TABLE articles DROP CONSTRAINT articles_retracted_at_check;
ALTER TABLE articles DROP CONSTRAINT articles_status_check;
ALTER TABLE articles ADD CONSTRAINT articles_status_check
    CHECK (status IN ('draft', 'in_review', 'approved', 'published', 'archived', 'retracted', 'quarantined'));
ALTER TABLE articles ADD COLUMN held_status text;
ALTER TABLE articles ADD CONSTRAINT articles_held_status_check
    CHECK ((status = 'quarantined') = (held_status IS NOT NULL)
        AND (held_status IS NULL OR held_status IN ('draft', 'in_review', 'approved', 'published', 'archived', 'retracted')));
ALTER TABLE articles ADD CONSTRAINT articles_retracted_at_check
    CHECK ((coalesce(held_status, status) = 'retracted') = (retracted_at IS NOT NULL) AND (retracted_at IS NULL) = (retraction_reason IS NULL));

-- So do these not, and what is in them.
ALTER TABLE sites ADD COLUMN is_held boolean NOT NULL DEFAULT FALSE;
ALTER TABLE categories ADD COLUMN is_held boolean NOT NULL DEFAULT FALSE;
ALTER TABLE topics ADD COLUMN is_held boolean NOT NULL DEFAULT FALSE;
ALTER TABLE sources ADD COLUMN is_held boolean NOT NULL DEFAULT FALSE;
ALTER TABLE menus ADD COLUMN is_held boolean NOT NULL DEFAULT FALSE;
ALTER TABLE link_groups ADD COLUMN is_held boolean NOT NULL DEFAULT FALSE;
ALTER TABLE media ADD COLUMN is_held boolean NOT NULL DEFAULT FALSE;
-- What is held back is looked up with every article that readers get, and is mostly nothing.
CREATE INDEX categories_is_held_idx ON categories (site_id) WHERE is_held;

-- What was found in a record, `kind` and `record_id`; `field` is a JSON Pointer, the offset one in bytes. What is not stored was taken off while the
-- record was written, so only the finding tells of it.
CREATE TABLE findings (
    id integer NOT NULL CONSTRAINT findings_pkey PRIMARY KEY AUTOINCREMENT,
    kind text NOT NULL,
    record_id bigint NOT NULL,
    site_id bigint,
    rule text NOT NULL,
    rule_version bigint NOT NULL,
    class text NOT NULL,
    severity text NOT NULL,
    reasons text NOT NULL,
    locale text,
    field text NOT NULL,
    place text NOT NULL,
    byte_offset bigint NOT NULL,
    byte_length bigint NOT NULL,
    found text NOT NULL,
    is_stored boolean NOT NULL,
    is_dismissed boolean NOT NULL DEFAULT FALSE,
    found_at text NOT NULL,
    CONSTRAINT findings_severity_check CHECK (severity IN ('note', 'review', 'block')),
    CONSTRAINT findings_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE
);
CREATE INDEX findings_record_idx ON findings (kind, record_id);
CREATE INDEX findings_site_id_idx ON findings (site_id, id);
CREATE INDEX findings_severity_idx ON findings (severity, id);

-- The rules that come with the program, with what was set on them here, and those of one's own.
CREATE TABLE hygiene_rules (
    id integer NOT NULL CONSTRAINT hygiene_rules_pkey PRIMARY KEY AUTOINCREMENT,
    key text NOT NULL,
    kind text NOT NULL,
    class text NOT NULL,
    severity text NOT NULL,
    boundary text NOT NULL,
    texts text NOT NULL,
    description text NOT NULL,
    is_enabled boolean NOT NULL,
    is_shipped boolean NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CONSTRAINT hygiene_rules_key_key UNIQUE (key)
);

-- Every change of the rules is another set of them; the highest version holds. `shipped` is the version of the rules of the program.
CREATE TABLE hygiene_rule_sets (
    version bigint NOT NULL CONSTRAINT hygiene_rule_sets_pkey PRIMARY KEY,
    shipped bigint NOT NULL,
    created_at text NOT NULL
);

-- Runs over everything that is there. `after_id` is the last article that was looked at; `draft` the rule of a trial, which changes nothing.
CREATE TABLE hygiene_scans (
    id integer NOT NULL CONSTRAINT hygiene_scans_pkey PRIMARY KEY AUTOINCREMENT,
    purpose text NOT NULL,
    site_id bigint,
    draft text,
    state text NOT NULL,
    rule_set bigint NOT NULL,
    after_id bigint NOT NULL,
    looked_at bigint NOT NULL,
    total bigint NOT NULL,
    blocks bigint NOT NULL,
    reviews bigint NOT NULL,
    notes bigint NOT NULL,
    held bigint NOT NULL,
    released bigint NOT NULL,
    samples text NOT NULL,
    actor text NOT NULL,
    started_at text NOT NULL,
    updated_at text NOT NULL,
    finished_at text,
    CONSTRAINT hygiene_scans_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id) ON DELETE CASCADE
);
CREATE INDEX hygiene_scans_state_idx ON hygiene_scans (state, id);
CREATE INDEX hygiene_scans_site_id_idx ON hygiene_scans (site_id);
