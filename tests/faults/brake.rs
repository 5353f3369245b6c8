//! A place inside the append where a test can stop it: after its events and its command are inserted, before the head
//! moves and the transaction commits. A trigger of the test waits there for a lock that the test holds, or fails with
//! a code that the test chose.

use sqlx::{Connection, Executor, PgConnection, PgPool};

use crate::server::execute;

const LOCK: i64 = 7_340_033;

/// Puts the brake in. Open, it does nothing.
pub(crate) async fn install(admin: &PgPool) {
    execute(admin, "CREATE SEQUENCE IF NOT EXISTS public.failures").await;
    execute(
        admin,
        "CREATE TABLE IF NOT EXISTS public.failing (code text, times bigint)",
    )
    .await;
    let function = format!(
        "CREATE OR REPLACE FUNCTION public.brake() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
         DECLARE f record; BEGIN
             PERFORM pg_advisory_xact_lock_shared({LOCK});
             SELECT * INTO f FROM public.failing;
             IF FOUND AND nextval('public.failures') <= f.times THEN
                 RAISE EXCEPTION 'as the test wants it' USING ERRCODE = f.code;
             END IF;
             RETURN NULL;
         END $$"
    );
    execute(admin, &function).await;
    execute(
        admin,
        "CREATE TRIGGER brake AFTER INSERT ON annal.commands FOR EACH STATEMENT EXECUTE FUNCTION public.brake()",
    )
    .await;
}

/// The brake, held by a connection; appends go on when it is released or the connection ends.
pub(crate) struct Held(pub(crate) PgConnection);

impl Held {
    pub(crate) async fn hold(url: &str) -> Option<Self> {
        let mut connection = PgConnection::connect(url).await.ok()?;
        let lock = format!("SELECT pg_advisory_lock({LOCK})");
        connection.execute(lock.as_str()).await.ok()?;
        Some(Self(connection))
    }

    pub(crate) async fn release(self) {
        // With the server gone, the lock is too.
        let _ = self.0.close().await;
    }
}

/// The next so many appends fail with this code.
pub(crate) async fn fail(admin: &PgPool, code: &str, times: i64) {
    execute(admin, "SELECT setval('public.failures', 1, false)").await;
    execute(
        admin,
        &format!(
            "DELETE FROM public.failing; INSERT INTO public.failing VALUES ('{code}', {times})"
        ),
    )
    .await;
}
