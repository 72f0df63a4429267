-- What is held back stays out of sight: it comes back as an archived article or, where there is no such state, not at all.
DROP TABLE hygiene_scans;
DROP TABLE hygiene_rule_sets;
DROP TABLE hygiene_rules;
DROP TABLE findings;
DROP INDEX categories_is_held_idx;
ALTER TABLE media DROP COLUMN is_held;
ALTER TABLE link_groups DROP COLUMN is_held;
ALTER TABLE menus DROP COLUMN is_held;
ALTER TABLE sources DROP COLUMN is_held;
ALTER TABLE topics DROP COLUMN is_held;
ALTER TABLE categories DROP COLUMN is_held;
ALTER TABLE sites DROP COLUMN is_held;
ALTER TABLE articles DROP CONSTRAINT articles_retracted_at_check;
ALTER TABLE articles DROP CONSTRAINT articles_held_status_check;
UPDATE articles SET status = 'archived' WHERE status = 'quarantined' AND held_status <> 'retracted';
UPDATE articles SET status = 'retracted' WHERE status = 'quarantined';
ALTER TABLE articles DROP COLUMN held_status;
ALTER TABLE articles DROP CONSTRAINT articles_status_check;
ALTER TABLE articles ADD CONSTRAINT articles_status_check
    CHECK (status IN ('draft', 'in_review', 'approved', 'published', 'archived', 'retracted'));
ALTER TABLE articles ADD CONSTRAINT articles_retracted_at_check
    CHECK ((status = 'retracted') = (retracted_at IS NOT NULL) AND (retracted_at IS NULL) = (retraction_reason IS NULL));
