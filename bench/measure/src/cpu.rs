use std::fs;
use std::io;

/// CPU time used so far, in seconds: by this process, and by the database server with all its backends.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    /// By this process.
    pub client: f64,
    /// By the server, ended backends included.
    pub server: f64,
}

/// `/proc` counts in ticks of this many a second on every Linux.
const TICKS: f64 = 100.0;

impl Cpu {
    /// Now. `backend` is any backend of the server, which has to run on this machine.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn now(backend: i32) -> io::Result<Self> {
        let postmaster = Process::read(&backend.to_string())?.parent;
        let mut server = Process::read(&postmaster.to_string())?.with_children();
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if !name.bytes().all(|it| it.is_ascii_digit()) {
                continue;
            }
            // Others come and go while we look.
            let Ok(process) = Process::read(&name) else {
                continue;
            };
            if process.parent == postmaster {
                server += process.own;
            }
        }
        let client = Process::read("self")?.own;
        Ok(Self { client, server })
    }
}

struct Process {
    parent: i32,
    own: f64,
    ended_children: f64,
}

impl Process {
    fn read(id: &str) -> io::Result<Self> {
        let text = fs::read_to_string(format!("/proc/{id}/stat"))?;
        let strange = || io::Error::other(format!("/proc/{id}/stat says {text:?}"));
        // The name before it may contain blanks and brackets.
        let fields = text.rsplit_once(')').ok_or_else(strange)?.1;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |place: usize| {
            let number: Option<f64> = fields.get(place).and_then(|it| it.parse().ok());
            number.ok_or_else(strange)
        };
        Ok(Self {
            parent: fields
                .get(1)
                .and_then(|it| it.parse().ok())
                .ok_or_else(strange)?,
            own: (number(11)? + number(12)?) / TICKS,
            ended_children: (number(13)? + number(14)?) / TICKS,
        })
    }

    fn with_children(&self) -> f64 {
        self.own + self.ended_children
    }
}
