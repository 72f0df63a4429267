//! Migrations lead up, down and up again on both databases, and end in what `src/schema.rs` declares.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Nullable, Text};
use masthead::store::connection::Conn;
use masthead::store::migrations;

use crate::support::{Backend, Database};

/// Where diesel keeps account of what has run.
const LEDGER: &str = "__diesel_schema_migrations";

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    kind: String,
    nullable: bool,
}

/// A table: its columns by name, and the columns of its primary key in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Table {
    columns: BTreeMap<String, Column>,
    key: Vec<String>,
}

type Tables = BTreeMap<String, Table>;

/// Up, down and up again on SQLite
#[test]
fn migrations_go_up_and_down_on_sqlite() {
    up_down_up(Backend::Sqlite);
}

/// Up, down and up again on PostgreSQL
#[test]
fn migrations_go_up_and_down_on_postgres() {
    up_down_up(Backend::Postgres);
}

fn up_down_up(backend: Backend) {
    let Some(database) = Database::empty(backend) else {
        return;
    };
    let mut conn = database.connect();
    migrations::run(&mut conn).unwrap();
    let first = tables(&mut conn);
    assert!(!first.is_empty());
    migrations::revert_all(&mut conn).unwrap();
    assert_eq!(tables(&mut conn), Tables::new(), "left behind by down.sql");
    migrations::run(&mut conn).unwrap();
    assert_eq!(tables(&mut conn), first);
}

/// SQLite has the tables that are declared
#[test]
fn sqlite_has_the_declared_tables() {
    has_the_declared_tables(Backend::Sqlite);
}

/// PostgreSQL has the tables that are declared
#[test]
fn postgres_has_the_declared_tables() {
    has_the_declared_tables(Backend::Postgres);
}

fn has_the_declared_tables(backend: Backend) {
    let Some(database) = Database::migrated(backend) else {
        return;
    };
    let found = tables(&mut database.connect());
    let declared = declared_tables();
    let mut faults = Vec::new();
    for name in declared.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
        match (declared.get(name), found.get(name)) {
            (Some(declared), Some(found)) => compare(name, declared, found, &mut faults),
            (Some(_), None) => faults.push(format!("{name}: declared, but no migration makes it")),
            (None, _) => faults.push(format!("{name}: made by a migration, but not declared")),
        }
    }
    assert!(
        faults.is_empty(),
        "src/schema.rs and {backend:?} differ:\n{}",
        faults.join("\n")
    );
}

fn compare(table: &str, declared: &Table, found: &Table, faults: &mut Vec<String>) {
    if declared.key != found.key {
        faults.push(format!(
            "{table}: the declared key is {:?}, found {:?}",
            declared.key, found.key
        ));
    }
    for name in declared
        .columns
        .keys()
        .chain(found.columns.keys())
        .collect::<BTreeSet<_>>()
    {
        match (declared.columns.get(name), found.columns.get(name)) {
            (Some(declared), Some(found)) if agree(declared, found) => {}
            (declared, found) => faults.push(format!(
                "{table}.{name}: declared {declared:?}, found {found:?}"
            )),
        }
    }
}

/// Whether a column of a database is what was declared for it.
fn agree(declared: &Column, found: &Column) -> bool {
    let kinds: &[&str] = match declared.kind.as_str() {
        "BigInt" => &["bigint", "integer"],
        "Integer" => &["integer"],
        "SmallInt" => &["smallint"],
        "Double" => &["double precision"],
        "Text" => &["text"],
        "Bool" => &["boolean"],
        "Binary" => &["bytea", "blob"],
        "Date" => &["date"],
        "UtcTs" => &["timestamp with time zone", "text"],
        "JsonDoc" => &["jsonb", "text"],
        _ => &[],
    };
    declared.nullable == found.nullable && kinds.contains(&found.kind.as_str())
}

/// Every foreign key has an index on SQLite
#[test]
fn foreign_keys_have_an_index_on_sqlite() {
    foreign_keys_have_an_index(Backend::Sqlite);
}

/// Every foreign key has an index on PostgreSQL
#[test]
fn foreign_keys_have_an_index_on_postgres() {
    foreign_keys_have_an_index(Backend::Postgres);
}

fn foreign_keys_have_an_index(backend: Backend) {
    let Some(database) = Database::migrated(backend) else {
        return;
    };
    let mut conn = database.connect();
    let indexes = indexes(&mut conn);
    let keys = foreign_keys(&mut conn);
    assert!(!keys.is_empty());
    let is_served = |table: &str, key: &Vec<String>| {
        indexes
            .iter()
            .any(|(t, index)| t == table && index.starts_with(key))
    };
    let missing: Vec<_> = keys
        .iter()
        .filter(|(table, key)| !is_served(table, key))
        .collect();
    assert!(
        missing.is_empty(),
        "{backend:?} has foreign keys without an index: {missing:?}"
    );
}

/// Both folders hold the same migrations, each with both directions
#[test]
fn both_databases_have_the_same_migrations() {
    let sqlite = migration_names("sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, migration_names("postgres"));
    for folder in migration_folders() {
        for file in ["up.sql", "down.sql"] {
            assert!(
                folder.join(file).is_file(),
                "{} has no {file}",
                folder.display()
            );
        }
    }
}

/// Every foreign key says what happens when the row it points to goes
#[test]
fn foreign_keys_say_on_delete() {
    let mut faults = Vec::new();
    for folder in migration_folders() {
        let sql = without_comments(&std::fs::read_to_string(folder.join("up.sql")).unwrap())
            .to_ascii_lowercase();
        let clauses = sql.split("references").skip(1).map(clause_end);
        faults.extend(
            clauses
                .filter(|clause| !clause.contains("on delete"))
                .map(|c| format!("{}: references{c}", folder.display())),
        );
    }
    assert!(
        faults.is_empty(),
        "foreign keys without ON DELETE:\n{}",
        faults.join("\n")
    );
}

/// `text` up to the end of the clause that it starts in: a comma or bracket of the level above, or a semicolon.
fn clause_end(text: &str) -> &str {
    let mut depth = 0_i32;
    let end = text.find(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        c == ';' || depth < 0 || c == ',' && depth == 0
    });
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

fn without_comments(sql: &str) -> String {
    sql.lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn migration_names(backend: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root("migrations").join(backend))
        .unwrap()
        .map(Result::unwrap);
    entries
        .filter(|e| e.path().is_dir())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect()
}

fn migration_folders() -> Vec<PathBuf> {
    let folders = |backend: &str| {
        migration_names(backend)
            .into_iter()
            .map(|n| root("migrations").join(backend).join(n))
            .collect::<Vec<_>>()
    };
    [folders("sqlite"), folders("postgres")].concat()
}

/// What the `diesel::table!` blocks of `src/schema.rs` say.
fn declared_tables() -> Tables {
    let text = std::fs::read_to_string(root("src/schema.rs")).unwrap();
    let tables: Tables = text
        .split("diesel::table! {")
        .skip(1)
        .map(declared_table)
        .collect();
    assert!(!tables.is_empty(), "src/schema.rs has no diesel::table!");
    tables
}

fn declared_table(block: &str) -> (String, Table) {
    let is_noise = |line: &&str| {
        line.is_empty()
            || ["use ", "//", "#["]
                .iter()
                .any(|start| line.starts_with(start))
    };
    let mut lines = block.lines().map(str::trim).filter(|line| !is_noise(line));
    let head = lines.next().unwrap();
    let (name, key) = head
        .trim_end_matches([' ', '{'])
        .trim_end_matches(')')
        .split_once('(')
        .unwrap();
    let columns = lines
        .map_while(|line| line.trim_end_matches(',').split_once(" -> "))
        .map(|(name, kind)| {
            let inner = kind
                .strip_prefix("Nullable<")
                .and_then(|kind| kind.strip_suffix('>'));
            (
                name.to_owned(),
                Column {
                    kind: inner.unwrap_or(kind).to_owned(),
                    nullable: inner.is_some(),
                },
            )
        });
    let key = key
        .split(',')
        .map(|column| column.trim().to_owned())
        .collect();
    (
        name.trim().to_owned(),
        Table {
            columns: columns.collect(),
            key,
        },
    )
}

#[derive(diesel::QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    nullable: i64,
    /// Place in the primary key, from 1.
    #[diesel(sql_type = Nullable<BigInt>)]
    key_place: Option<i64>,
}

/// The tables of a database, without diesel's own.
fn tables(conn: &mut Conn) -> Tables {
    let sql = match conn {
        Conn::Sqlite(_) => {
            r#"SELECT t.name AS table_name, c.name AS column_name, lower(c.type) AS kind, (c."notnull" = 0) AS nullable,
                      nullif(c.pk, 0) AS key_place
               FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
               WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'"#
        }
        Conn::Postgres(_) => {
            "SELECT c.table_name::text AS table_name, c.column_name::text AS column_name, c.data_type::text AS kind,
                    (c.is_nullable = 'YES')::int::bigint AS nullable,
                    (SELECT k.ordinal_position::bigint
                     FROM information_schema.key_column_usage AS k
                     JOIN information_schema.table_constraints AS n
                       ON n.constraint_schema = k.constraint_schema AND n.constraint_name = k.constraint_name
                      AND n.table_name = k.table_name
                     WHERE n.constraint_type = 'PRIMARY KEY' AND k.table_schema = c.table_schema
                       AND k.table_name = c.table_name AND k.column_name = c.column_name) AS key_place
             FROM information_schema.columns AS c
             WHERE c.table_schema = 'public'"
        }
    };
    let rows: Vec<ColumnRow> = diesel::sql_query(sql).load(conn).unwrap();
    let mut tables = Tables::new();
    let mut keys: BTreeMap<(String, i64), String> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.table_name != LEDGER) {
        if let Some(place) = row.key_place {
            keys.insert((row.table_name.clone(), place), row.column_name.clone());
        }
        let column = Column {
            kind: row.kind,
            nullable: row.nullable != 0,
        };
        tables
            .entry(row.table_name)
            .or_default()
            .columns
            .insert(row.column_name, column);
    }
    for ((table, _), column) in keys {
        tables.entry(table).or_default().key.push(column);
    }
    tables
}

#[derive(diesel::QueryableByName)]
struct PartRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    /// The index or key that the column is part of.
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    column_name: String,
}

/// The columns of each index in order, with the table's name. Primary keys count as indexes.
fn indexes(conn: &mut Conn) -> Vec<(String, Vec<String>)> {
    grouped(conn, |conn| {
        match conn {
        // The key of a table with row ids is not listed among its indexes.
        Conn::Sqlite(_) => {
            "SELECT t.name AS table_name, i.name AS owner, coalesce(c.name, '') AS column_name, c.seqno AS place
             FROM sqlite_schema AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
             WHERE t.type = 'table'
             UNION ALL
             SELECT t.name, '', c.name, c.pk FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
             WHERE t.type = 'table' AND c.pk > 0
             ORDER BY 1, 2, 4"
        }
        Conn::Postgres(_) => {
            "SELECT t.relname::text AS table_name, n.relname::text AS owner, coalesce(a.attname, '')::text AS column_name
             FROM pg_index AS i
             JOIN pg_class AS t ON t.oid = i.indrelid
             JOIN pg_class AS n ON n.oid = i.indexrelid
             JOIN pg_namespace AS s ON s.oid = t.relnamespace AND s.nspname = 'public'
             CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
             LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.number
             ORDER BY 1, 2, k.place"
        }
    }
    })
}

/// The columns of each foreign key in order, with the table's name.
fn foreign_keys(conn: &mut Conn) -> Vec<(String, Vec<String>)> {
    grouped(conn, |conn| {
        match conn {
        Conn::Sqlite(_) => {
            r#"SELECT t.name AS table_name, CAST(f.id AS text) AS owner, f."from" AS column_name
               FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f
               WHERE t.type = 'table'
               ORDER BY 1, 2, f.seq"#
        }
        Conn::Postgres(_) => {
            "SELECT t.relname::text AS table_name, c.conname::text AS owner, a.attname::text AS column_name
             FROM pg_constraint AS c
             JOIN pg_class AS t ON t.oid = c.conrelid
             JOIN pg_namespace AS s ON s.oid = t.relnamespace AND s.nspname = 'public'
             CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.number
             WHERE c.contype = 'f'
             ORDER BY 1, 2, k.place"
        }
    }
    })
}

fn grouped(conn: &mut Conn, sql: impl Fn(&Conn) -> &'static str) -> Vec<(String, Vec<String>)> {
    let rows: Vec<PartRow> = diesel::sql_query(sql(conn)).load(conn).unwrap();
    let mut groups: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for row in rows {
        groups
            .entry((row.table_name, row.owner))
            .or_default()
            .push(row.column_name);
    }
    groups
        .into_iter()
        .map(|((table, _), columns)| (table, columns))
        .collect()
}
