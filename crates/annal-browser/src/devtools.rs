//! What WebDriver has no words for, by Chromium's own protocol through its driver.

use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::error::{BrowserError, Doing as _};

/// A screen in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
    /// Whether it is a phone's, with a finger for a pointer.
    pub phone: bool,
}

impl Screen {
    /// A desk.
    pub const DESK: Self = Self {
        width: 1280,
        height: 800,
        phone: false,
    };
    /// A phone held upright.
    pub const PHONE: Self = Self {
        width: 390,
        height: 844,
        phone: true,
    };
}

/// Which colours the person prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Browser {
    /// Gives it another screen.
    ///
    /// # Errors
    /// [`BrowserError::Command`] if the browser refuses.
    pub async fn screen(&self, screen: Screen) -> Result<(), BrowserError> {
        let metrics = json!({
            "width": screen.width, "height": screen.height, "deviceScaleFactor": 1, "mobile": screen.phone,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await?;
        let touch = json!({"enabled": screen.phone});
        self.devtools("Emulation.setTouchEmulationEnabled", touch)
            .await
    }

    /// Prefers other colours.
    ///
    /// # Errors
    /// [`BrowserError::Command`] if the browser refuses.
    pub async fn colours(&self, colours: Colours) -> Result<(), BrowserError> {
        let value = match colours {
            Colours::Light => "light",
            Colours::Dark => "dark",
        };
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": value},
            // What moves is at its end when a picture is taken.
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.devtools("Emulation.setEmulatedMedia", features).await
    }

    async fn devtools(&self, command: &'static str, parameters: Value) -> Result<(), BrowserError> {
        let command = Devtools {
            command,
            parameters,
        };
        let doing = command.command;
        self.client.issue_cmd(command).await.doing(doing)?;
        Ok(())
    }
}

#[derive(Debug)]
struct Devtools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({"cmd": self.command, "params": self.parameters});
        (http::Method::POST, Some(body.to_string()))
    }
}
