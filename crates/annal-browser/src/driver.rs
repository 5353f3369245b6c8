//! The driver: one process that starts and leads browsers.

use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::error::BrowserError;
use crate::find::Programs;

/// `chromedriver`, for as long as this value lives. With it its browsers end.
#[derive(Debug)]
pub struct Driver {
    process: Child,
    port: u16,
    programs: Programs,
    /// Where its browsers keep their profiles. It goes when they have ended: one that still runs writes into it.
    profiles: TempDir,
}

/// How long it may take to close its browsers.
const FAREWELL: Duration = Duration::from_secs(10);

impl Driver {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// [`BrowserError::Missing`] or [`BrowserError::Driver`].
    pub fn start() -> Result<Self, BrowserError> {
        let programs = Programs::find()?;
        let failed = |reason: String| BrowserError::Driver {
            program: programs.driver.display().to_string(),
            reason,
        };
        let profiles =
            TempDir::with_prefix("annal-browser-").map_err(|no| failed(no.to_string()))?;
        let mut process = Command::new(&programs.driver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|no| failed(no.to_string()))?;
        let port = match process.stdout.take() {
            Some(stdout) => port_told(BufReader::new(stdout)),
            None => None,
        };
        let Some(port) = port else {
            let _ = process.kill();
            let ended = process
                .wait()
                .map_or_else(|no| no.to_string(), |it| it.to_string());
            return Err(failed(format!("it told no port and ended with {ended}")));
        };
        Ok(Self {
            process,
            port,
            programs,
            profiles,
        })
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn programs(&self) -> &Programs {
        &self.programs
    }

    pub(crate) fn profiles(&self) -> &Path {
        self.profiles.path()
    }

    /// It closes its browsers when it is told to end, but not when it is killed.
    fn dismiss(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(FAREWELL))?;
        write!(
            stream,
            "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
            self.port
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map(|_| ())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let until = Instant::now() + FAREWELL;
        if self.dismiss().is_ok() {
            while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// "ChromeDriver was started successfully on port 40001."; the rest is read by nobody, and there is little of it.
fn port_told(lines: impl std::io::BufRead) -> Option<u16> {
    let told = "successfully on port ";
    lines.lines().map_while(Result::ok).find_map(|line| {
        let (_, rest) = line.split_once(told)?;
        rest.trim_end_matches('.').parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::port_told;

    #[test]
    fn the_port_is_read_from_what_the_driver_says() {
        let said = "Starting ChromeDriver 1.2 on port 0\nChromeDriver was started successfully on port 40001.\n";
        assert_eq!(port_told(said.as_bytes()), Some(40001));
        assert_eq!(port_told("bind() failed\n".as_bytes()), None);
    }
}
