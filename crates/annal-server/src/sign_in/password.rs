//! Passwords: hashed with argon2id, away from the threads that answer requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::seq::IndexedRandom as _;
use tokio::sync::Semaphore;

use super::accounts::AccountError;

/// As OWASP's cheat sheet on password storage has it: argon2id, 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// NIST SP 800-63B: at least eight characters, no rules about their kinds, no end to their age.
const SHORTEST: usize = 8;
/// Longer ones are not hashed: nobody types them, and a long text is an easy way to make work.
const LONGEST: usize = 1_000;
/// Hashing takes 19 MiB each; who comes in a crowd waits.
const AT_A_TIME: usize = 4;

/// Hashes and compares. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Passwords(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    turns: Semaphore,
    compared: AtomicU64,
}

/// Compared with where there is no such account or no password, so that the answer takes as long.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hashed("nobody's").unwrap_or_default());

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Inner {
            turns: Semaphore::new(AT_A_TIME),
            compared: AtomicU64::new(0),
        }))
    }
}

impl Passwords {
    /// The hash of a password that somebody chose.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, AccountError> {
        if password.chars().count() < SHORTEST {
            let why = format!("it has fewer than {SHORTEST} characters");
            return Err(AccountError::BadPassword(why));
        }
        if password.len() > LONGEST {
            let why = format!("it is longer than {LONGEST} bytes");
            return Err(AccountError::BadPassword(why));
        }
        let password = password.to_owned();
        self.work(move || hashed(&password)).await?
    }

    /// Whether it is the password behind this hash. Takes the same time where there is no hash.
    pub(crate) async fn fits(
        &self,
        password: &str,
        hash: Option<String>,
    ) -> Result<bool, AccountError> {
        if password.len() > LONGEST {
            return Ok(false);
        }
        let password = password.to_owned();
        self.0.compared.fetch_add(1, Ordering::Relaxed);
        self.work(move || {
            let known = hash.is_some();
            compare(&password, hash.as_ref().unwrap_or(&NOBODYS)) && known
        })
        .await
    }

    /// How many were compared with a hash so far.
    pub(crate) fn compared(&self) -> u64 {
        self.0.compared.load(Ordering::Relaxed)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AccountError> {
        let _turn = self.0.turns.acquire().await;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|no| AccountError::Hashing(no.to_string()))
    }
}

/// A password that a program chose: 120 random bits in letters and digits that are not mistaken for each other.
pub(crate) fn random_password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    let letter = |_| {
        LETTERS
            .choose(&mut random)
            .map_or('x', |it| char::from(*it))
    };
    (0..24).map(letter).collect()
}

fn argon2() -> Result<Argon2<'static>, AccountError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|no| AccountError::Hashing(no.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hashed(password: &str) -> Result<String, AccountError> {
    let hash = argon2()?.hash_password(password.as_bytes());
    let hash = hash.map_err(|no| AccountError::Hashing(no.to_string()))?;
    Ok(hash.to_string())
}

fn compare(password: &str, hash: &str) -> bool {
    let (Ok(argon2), Ok(hash)) = (argon2(), PasswordHash::new(hash)) else {
        return false;
    };
    argon2.verify_password(password.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        let fits = async |password: &str, hash: Option<&String>| {
            passwords.fits(password, hash.cloned()).await.unwrap()
        };
        assert!(fits("correct horse", Some(&hash)).await);
        assert!(!fits("correct horse ", Some(&hash)).await);
        assert!(!fits("nobody's", None).await);
        assert!(!fits("correct horse", Some(&"no hash".to_owned())).await);
    }

    #[tokio::test]
    async fn a_password_that_is_too_short_or_too_long_is_not_taken() {
        let passwords = Passwords::default();
        for bad in ["", "1234567", &"x".repeat(1_001)] {
            let no = passwords.hash(bad).await.unwrap_err();
            assert!(matches!(no, AccountError::BadPassword(_)), "{no}");
        }
    }

    #[test]
    fn random_passwords_differ() {
        assert_ne!(random_password(), random_password());
        assert_eq!(random_password().len(), 24);
    }
}
