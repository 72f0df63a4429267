//! What articles gained, as the database has it: added up or still waiting.

use diesel::QueryableByName;
use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;

use super::TestApp;

#[derive(QueryableByName)]
struct Gained {
    #[diesel(sql_type = BigInt)]
    day: i64,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The citations that an article gained, by day; days without are left out. One statement, so that it does not matter whether they are
/// being added up.
pub fn cited(app: &TestApp, article_id: i64) -> Vec<(i64, i64)> {
    let sql = format!(
        "SELECT CAST(day AS bigint) AS day, CAST(sum(number) AS bigint) AS number FROM ( \
           SELECT day, counted AS number FROM pending_counts WHERE kind = 2 AND reference = {article_id} \
           UNION ALL SELECT start, citations FROM article_periods WHERE article_id = {article_id} AND period = 0 \
         ) AS gained GROUP BY day HAVING sum(number) <> 0 ORDER BY day"
    );
    let gained: Vec<Gained> = diesel::sql_query(sql)
        .load(&mut app.database().connect())
        .unwrap();
    gained
        .into_iter()
        .map(|row| (row.day, row.number))
        .collect()
}
