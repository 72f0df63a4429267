//! What every test stands on: a database of its own, a running server, a client that holds answers to the spec.

pub mod accounts;
pub mod app;
pub mod calls;
pub mod client;
pub mod content;
pub mod counting;
pub mod crowd;
pub mod database;
pub mod desk;
#[cfg(feature = "s3")]
pub mod faulty_storage;
pub mod gains;
pub mod kept;
pub mod media;
pub mod outside;
pub mod postgres;
pub mod previews;
pub mod replica;
#[cfg(feature = "s3")]
pub mod s3;
pub mod spec;

pub use app::TestApp;
pub use content::{Portal, shared};
pub use database::{Backend, Database};

/// Writes each test once and runs it on both databases, as `<test>::sqlite` and `<test>::postgres`.
///
/// ```ignore
/// on_both! {
///     /// A draft is hidden from readers
///     async fn a_draft_is_hidden_from_readers(app) {
///         app.import(&Portal::new("demo").article("a1", |a| a.status("draft")));
///         app.get("/api/v1/sites/demo/articles/a1").await.assert_problem(404, "not_found");
///     }
///
///     /// A second argument changes how the application starts
///     async fn another(app, |s| s.var("MASTHEAD_PUBLIC_URL", "https://example.org")) {}
/// }
/// ```
macro_rules! on_both {
    ($($(#[$about:meta])* async fn $name:ident($app:ident $(, $setup:expr)?) $body:block)+) => {$(
        $(#[$about])*
        async fn $name(backend: $crate::support::Backend) {
            let setup = $crate::support::app::Setup::new(backend)$(.with($setup))?;
            $crate::support::app::run(setup, async |$app: &$crate::support::TestApp| $body).await;
        }

        mod $name {
            #[actix_web::test]
            async fn sqlite() {
                super::$name($crate::support::Backend::Sqlite).await;
            }

            #[actix_web::test]
            async fn postgres() {
                super::$name($crate::support::Backend::Postgres).await;
            }
        }
    )+};
}
pub(crate) use on_both;

/// Writes one line to the real standard error, past the capture of libtest.
pub fn announce(line: &str) {
    use std::io::Write;
    std::io::stderr()
        .write_all(format!("{line}\n").as_bytes())
        .unwrap();
}
