//! What a stack is asked for, and what the machine offers.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Which servers the caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// A reading command needs only PostgreSQL; whatever decides or drives a run also needs Temporal.
    pub temporal: bool,
}

/// Where our own Temporal server keeps its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TemporalStore {
    /// In a file of its own: the development server, up in a second.
    #[default]
    File,
    /// In the stack's PostgreSQL, beside Annal's database: the server as it runs in production.
    PostgreSql,
}

/// How a stack is started. [`Settings::new`] gives what a person wants; the tests ask for something quicker.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where data, logs and the state file live, such as `.annal`.
    pub folder: PathBuf,
    /// Which servers are needed.
    pub needs: Needs,
    /// Which Temporal server is started.
    pub temporal_store: TemporalStore,
    /// Search attributes to register on our own Temporal server unless it has them, each as `Name=Keyword`.
    pub search_attributes: Vec<String>,
    /// True when the data may be lost at any time: PostgreSQL does not wait for the disk, Temporal keeps all in memory.
    pub disposable: bool,
    /// How long the servers wait for the next user after the last one left. Zero: they stop at once.
    pub linger: Duration,
    /// What the machine offers.
    pub surroundings: Surroundings,
}

impl Settings {
    /// The settings for a stack that keeps its data, with the surroundings of this process.
    pub fn new(folder: impl Into<PathBuf>, needs: Needs) -> Self {
        Self {
            folder: folder.into(),
            needs,
            temporal_store: TemporalStore::default(),
            search_attributes: Vec::new(),
            disposable: false,
            linger: Duration::ZERO,
            surroundings: Surroundings::of_this_process(),
        }
    }
}

/// The part of the environment that decides where servers come from. A value, so that a test can have another one.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// A PostgreSQL server to use instead of our own: `DATABASE_URL`.
    pub database_url: Option<String>,
    /// A Temporal server to use instead of our own, as `host:port`: `TEMPORAL_ADDRESS`.
    pub temporal_address: Option<String>,
    /// The namespace on that server: `TEMPORAL_NAMESPACE`, else `default`. Our own server is always used with `default`.
    pub temporal_namespace: String,
    /// The folders in which commands are looked for: `PATH`.
    pub path: Vec<PathBuf>,
    /// The folders where PostgreSQL's packages put its programs; their last part may hold one `*`.
    pub postgres_folders: Vec<String>,
    /// Where installed servers are kept: `ANNAL_CACHE`, else `annal` in the user's cache folder.
    pub cache: PathBuf,
    /// Maven repositories to install PostgreSQL from, in order.
    pub maven: Vec<String>,
    /// Go module proxies to get a Go toolchain from, in order.
    pub go_proxies: Vec<String>,
    /// Where Temporal's own ready-made archives are.
    pub temporal_archives: String,
}

const POSTGRES_FOLDERS: [&str; 8] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/libexec/postgresql*",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/opt/homebrew/bin",
];
const MAVEN_CENTRAL: &str = "https://repo1.maven.org/maven2";
const GO_PROXY: &str = "https://proxy.golang.org";
const TEMPORAL_ARCHIVES: &str = "https://temporal.download/cli/archive";

impl Surroundings {
    /// What this process's environment says.
    pub fn of_this_process() -> Self {
        let home = env::var_os("HOME").map(PathBuf::from);
        Self {
            database_url: variable("DATABASE_URL"),
            temporal_address: variable("TEMPORAL_ADDRESS"),
            temporal_namespace: variable("TEMPORAL_NAMESPACE").unwrap_or_else(|| "default".into()),
            path: env::var_os("PATH")
                .map(|path| env::split_paths(&path).collect())
                .unwrap_or_default(),
            postgres_folders: POSTGRES_FOLDERS.map(String::from).to_vec(),
            cache: cache(home.as_deref()),
            maven: maven(home.as_deref()),
            go_proxies: go_proxies(variable("GOPROXY").as_deref()),
            temporal_archives: TEMPORAL_ARCHIVES.into(),
        }
    }

    /// The first program of that name on the path.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        self.path
            .iter()
            .map(|folder| folder.join(name))
            .find(|candidate| candidate.is_file())
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name)
        .ok()
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

fn cache(home: Option<&Path>) -> PathBuf {
    if let Some(chosen) = variable("ANNAL_CACHE") {
        return chosen.into();
    }
    match (variable("XDG_CACHE_HOME"), home) {
        (Some(folder), _) => PathBuf::from(folder).join("annal"),
        (None, Some(home)) => home.join(".cache/annal"),
        (None, None) => env::temp_dir().join("annal-cache"),
    }
}

/// A mirror that the machine's Maven is set up with comes first: where there is one, nothing else may be reachable.
fn maven(home: Option<&Path>) -> Vec<String> {
    if let Some(chosen) = variable("ANNAL_MAVEN_URL") {
        return vec![chosen];
    }
    let settings =
        home.and_then(|home| std::fs::read_to_string(home.join(".m2/settings.xml")).ok());
    let mirror = settings.as_deref().and_then(maven_mirror);
    mirror
        .into_iter()
        .chain([MAVEN_CENTRAL.to_owned()])
        .collect()
}

/// The address of the first mirror of Maven Central in a `settings.xml`.
fn maven_mirror(settings: &str) -> Option<String> {
    let visible = without_comments(settings);
    visible.split("<mirror>").skip(1).find_map(|rest| {
        let mirror = rest.split("</mirror>").next()?;
        let covers = element(mirror, "mirrorOf")?;
        let central = covers
            .split(',')
            .any(|of| matches!(of.trim(), "*" | "central" | "external:*"));
        central.then(|| element(mirror, "url")).flatten()
    })
}

fn without_comments(xml: &str) -> String {
    let mut parts = xml.split("<!--");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| {
        kept + part.split_once("-->").map_or("", |(_, after)| after)
    })
}

fn element(xml: &str, name: &str) -> Option<String> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = after.split_once(&format!("</{name}>"))?;
    Some(text.trim().trim_end_matches('/').to_owned())
}

/// Go's own list: entries apart by `,` or `|`, among them the words `direct` and `off`, which name no proxy.
fn go_proxies(setting: Option<&str>) -> Vec<String> {
    let Some(setting) = setting else {
        return vec![GO_PROXY.into()];
    };
    let entries = setting.split([',', '|']).map(str::trim);
    entries
        .filter(|entry| entry.contains("://"))
        .map(|entry| entry.trim_end_matches('/').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_of_maven_central_is_found_and_comments_are_not_read() {
        let settings = "<settings><mirrors>
            <!-- <mirror><url>https://old.example/</url><mirrorOf>*</mirrorOf></mirror> -->
            <mirror><id>a</id><mirrorOf>snapshots</mirrorOf><url>https://a.example</url></mirror>
            <mirror><id>b</id><mirrorOf>jboss, central</mirrorOf><url>https://b.example/maven/</url></mirror>
            </mirrors></settings>";
        assert_eq!(
            maven_mirror(settings).as_deref(),
            Some("https://b.example/maven")
        );
        assert_eq!(maven_mirror("<settings/>"), None);
    }

    #[test]
    fn the_words_in_a_proxy_list_that_name_no_proxy_are_left_out() {
        assert_eq!(
            go_proxies(Some("https://a.example/,direct|https://b.example")),
            ["https://a.example", "https://b.example"]
        );
        assert_eq!(go_proxies(Some("off")), Vec::<String>::new());
        assert_eq!(go_proxies(None), [GO_PROXY]);
    }
}
