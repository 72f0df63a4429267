-- The entries on one kind of thing, newest first.
CREATE INDEX audit_log_resource_newest_idx ON audit_log (resource, id);
