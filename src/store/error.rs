//! Turns what diesel and the pool report into this crate's errors.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

use crate::error::Error;

/// What Diesel says where it cannot ask for a type.
const NO_TYPE: &str = "Failed to find a type oid";

impl From<Diesel> for Error {
    fn from(e: Diesel) -> Self {
        match e {
            Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Conflict(
                "another change has just taken the same key or slug; try again".to_owned(),
            ),
            Diesel::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => Self::Conflict(
                "another change has just removed a record that this one refers to; try again"
                    .to_owned(),
            ),
            Diesel::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::SerializationFailure,
                _,
            ) => Self::Unavailable(e.into()),
            Diesel::DatabaseError(_, ref info) if is_passing(info.message()) => {
                Self::Unavailable(e.into())
            }
            Diesel::BrokenTransactionManager => Self::Unavailable(e.into()),
            // The types that are looked up by name are those of the database itself: what is missing is the connection.
            Diesel::SerializationError(ref cause) if cause.to_string().contains(NO_TYPE) => {
                Self::Unavailable(format!("the server closed the connection: {cause}").into())
            }
            other => Self::Internal(other.into()),
        }
    }
}

/// Whether the database says that it is only busy, full or gone for the moment.
fn is_passing(message: &str) -> bool {
    [
        "database is locked",
        "deadlock detected",
        "database or disk is full",
        "server closed the connection",
        "terminating connection",
        "statement timeout",
        "lock timeout",
        "No space left",
        "connection to server",
        "no connection to the server",
        "could not receive data",
        "could not send data",
    ]
    .iter()
    .any(|known| message.contains(known))
}

impl From<r2d2::Error> for Error {
    fn from(e: r2d2::Error) -> Self {
        Self::Unavailable(e.into())
    }
}

impl From<diesel::r2d2::Error> for Error {
    fn from(e: diesel::r2d2::Error) -> Self {
        Self::Unavailable(e.into())
    }
}
