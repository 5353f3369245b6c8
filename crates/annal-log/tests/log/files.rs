use annal_log::LogError;

use crate::support::Fresh;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_back_byte_for_byte() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();

    let kept = log.put_file("rows.csv", &bytes).await.unwrap();
    let again = log.put_file("copy.csv", &bytes).await.unwrap();

    assert_eq!(
        (kept.name.as_str(), kept.bytes),
        ("rows.csv", bytes.len() as u64)
    );
    assert_eq!(
        (again.name.as_str(), &again.sha256),
        ("copy.csv", &kept.sha256)
    );
    assert_eq!(log.file(&kept.sha256).await.unwrap(), bytes);
    let empty = log.put_file("empty", b"").await.unwrap();
    assert_eq!(
        empty.sha256,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_eq!(log.file(&empty.sha256).await.unwrap(), b"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_there_or_was_altered_is_an_error() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let kept = log.put_file("a", b"as it was").await.unwrap();
    for unknown in ["no hash", &"00".repeat(32)] {
        let error = log.file(unknown).await.unwrap_err();
        assert_eq!(error, LogError::UnknownFile(unknown.to_owned()));
    }

    fresh
        .tamper(&[
            "DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE annal.files DROP CONSTRAINT %I', conname) FROM pg_constraint \
             WHERE conrelid = 'annal.files'::regclass AND pg_get_constraintdef(oid) LIKE '%sha256(bytes)%'); END $$; \
             UPDATE annal.files SET bytes = 'as it is now'",
        ])
        .await;

    assert_eq!(
        log.file(&kept.sha256).await.unwrap_err(),
        LogError::AlteredFile(kept.sha256)
    );
}
