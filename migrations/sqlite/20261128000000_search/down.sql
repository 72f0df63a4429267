DROP TABLE suggested_keywords;
DROP TABLE suggestion_keys;
DROP TABLE script_phrases;
ALTER TABLE sites DROP COLUMN script_variants;
DELETE FROM maintenance WHERE task = 'search';
DROP TABLE search_queue;
DROP TABLE search_deletions;
DROP TABLE search_pages;
DROP TABLE search_segments;
