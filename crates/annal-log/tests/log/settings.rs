use sqlx::Executor;

use crate::support::Fresh;

/// The servers of the tests trade safety for speed, and this says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_endanger_the_log_are_named() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;

    let warnings = log.settings().await.unwrap();

    let named: Vec<_> = warnings.iter().map(|warning| warning.setting).collect();
    assert_eq!(named, ["fsync", "synchronous_commit", "full_page_writes"]);
    let told = warnings[0].to_string();
    assert!(
        told.contains("fsync = off") && told.contains("set fsync = on"),
        "{told}"
    );
}

/// What holds for the login is what counts, not what the server's file says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_setting_of_the_login_or_database_counts() {
    let fresh = Fresh::migrated().await;
    let admin = fresh.admin().await;
    let name: String = sqlx::query_scalar("SELECT current_database()")
        .fetch_one(&admin)
        .await
        .unwrap();
    admin
        .execute(format!("ALTER DATABASE {name} SET synchronous_commit = on").as_str())
        .await
        .unwrap();
    let log = fresh.log().await;

    let warnings = log.settings().await.unwrap();

    assert!(
        !warnings
            .iter()
            .any(|warning| warning.setting == "synchronous_commit"),
        "{warnings:?}"
    );
}
