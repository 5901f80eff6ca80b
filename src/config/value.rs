//! What a setting's text may say: numbers, sizes in bytes, addresses, switches and few-valued words.

use std::{fmt, net::SocketAddr, ops::RangeInclusive, path::PathBuf};

use jiff::tz::TimeZone;

/// Where the value in force came from; a later one wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said otherwise.
    #[default]
    Default,
    /// `--demo` changed the default.
    Demo,
    /// The settings file of that name.
    File(String),
    /// The environment variable of that name.
    Environment(String),
    /// The flag of that name, with its dashes.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Demo => f.write_str("--demo"),
            Self::File(name) => write!(f, "file {name}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// What a setting that is a number takes.
#[derive(Clone, Debug)]
pub struct Bounds {
    range: RangeInclusive<u64>,
    /// True where it counts bytes, so that a unit may follow it.
    is_size: bool,
}

impl Bounds {
    /// Those of the setting called `name`, whose unit is a part of it.
    #[must_use]
    pub fn of(name: &str, range: RangeInclusive<u64>) -> Self {
        Self { range, is_size: name.split('_').any(|word| word == "bytes") }
    }
}

/// A kind of value that has a text form, the same in file, environment and flag.
pub trait Value: Sized {
    /// Reads `text`; numbers must lie within `bounds`.
    ///
    /// # Errors
    /// What would have worked, to follow the words "takes".
    fn read(text: &str, bounds: &Bounds) -> Result<Self, String>;

    /// The text form; [`Value::read`] takes it back.
    fn show(&self) -> String;

    /// True where the flag may stand without a value.
    const IS_SWITCH: bool = false;
}

/// A whole number; sizes may end in `KiB`, `MiB` or `GiB`.
impl Value for u64 {
    fn read(text: &str, bounds: &Bounds) -> Result<Self, String> {
        let Bounds { range, is_size } = bounds;
        number(text, *is_size).filter(|n| range.contains(n)).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            if *is_size {
                format!("bytes from {least} to {most}, as a number that KiB, MiB or GiB may follow")
            } else {
                format!("a whole number from {least} to {most}")
            }
        })
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

fn number(text: &str, is_size: bool) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let factor: u64 = match unit.trim() {
        "" => 1,
        "KiB" if is_size => 1 << 10,
        "MiB" if is_size => 1 << 20,
        "GiB" if is_size => 1 << 30,
        _ => return None,
    };
    digits.replace('_', "").parse::<u64>().ok()?.checked_mul(factor)
}

impl Value for bool {
    fn read(text: &str, _: &Bounds) -> Result<Self, String> {
        match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err("true or false".into()),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }

    const IS_SWITCH: bool = true;
}

impl Value for PathBuf {
    fn read(text: &str, _: &Bounds) -> Result<Self, String> {
        if text.is_empty() {
            Err("a folder, such as ./tessera-data".into())
        } else {
            Ok(text.into())
        }
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

/// Empty text is no file at all.
impl Value for Option<PathBuf> {
    fn read(text: &str, _: &Bounds) -> Result<Self, String> {
        Ok((!text.is_empty()).then(|| text.into()))
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(String::new, |path| path.display().to_string())
    }
}

impl Value for SocketAddr {
    fn read(text: &str, _: &Bounds) -> Result<Self, String> {
        text.parse().map_err(|_| "an IP address and a port, such as 127.0.0.1:8420".into())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for TimeZone {
    fn read(text: &str, _: &Bounds) -> Result<Self, String> {
        if text == "UTC" {
            return Ok(Self::UTC);
        }
        Self::get(text).map_err(|_| "a time zone, such as UTC or Europe/Berlin".into())
    }

    fn show(&self) -> String {
        self.iana_name().unwrap_or("UTC").to_owned()
    }
}

/// The address clients use, without a slash at its end; begins with `http://` or `https://`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address `text` says; `None` without scheme and host, or with a query.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let is_plain = !host.is_empty()
            && !host.starts_with(['/', ':'])
            && host.bytes().all(|b| b.is_ascii_graphic() && !b"?#\"<>\\@".contains(&b));
        is_plain.then(|| Self(text.trim_end_matches('/').to_owned()))
    }

    /// The address, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True where clients speak TLS, to us or to a proxy before us.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// Empty text is no address at all.
impl Value for Option<PublicUrl> {
    fn read(text: &str, _: &Bounds) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let takes = "an address such as https://desk.example.com";
        PublicUrl::new(text).map(Some).ok_or_else(|| takes.to_owned())
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(String::new, |url| url.0.clone())
    }
}

/// Declares an enumeration of words, each with its text.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$word_doc])* $word),+ }

        impl Value for $name {
            fn read(text: &str, _: &Bounds) -> Result<Self, String> {
                match text {
                    $($text => Ok(Self::$word),)+
                    _ => Err(format!("one of {}", [$($text),+].join(", "))),
                }
            }

            fn show(&self) -> String {
                match self { $(Self::$word => $text),+ }.to_owned()
            }
        }
    };
}

words! {
    /// How log lines look.
    LogFormat {
        /// For people, coloured on a terminal.
        Human = "human",
        /// One JSON object a line.
        Json = "json",
    }
}

words! {
    /// The least grave kind of log line that is written.
    LogLevel {
        /// Failures of ours.
        Error = "error",
        /// What somebody should look at.
        Warn = "warn",
        /// Starts, stops and one line per request.
        Info = "info",
        /// What helps finding a fault.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: Value>(text: &str, want: Result<&str, &str>) {
        let got =
            T::read(text, &Bounds::of("some_bytes_max", 0..=u64::MAX)).map(|value| value.show());
        assert_eq!(got, want.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn sizes_may_carry_a_binary_unit() {
        check::<u64>("4096", Ok("4096"));
        check::<u64>("1_000", Ok("1000"));
        check::<u64>("64 MiB", Ok("67108864"));
        check::<u64>("64MiB", Ok("67108864"));
        let want = "bytes from 1 to 9, as a number that KiB, MiB or GiB may follow";
        for bad in ["", "KiB", "-1", "1.5", "10", "64MB", "99999999999999999999"] {
            let bounds = Bounds::of("body_bytes_max", 1..=9);
            assert_eq!(u64::read(bad, &bounds), Err(want.to_owned()), "{bad}");
        }
    }

    /// Hours were said to take `4KiB`, and took it.
    #[test]
    fn what_counts_no_bytes_takes_no_unit() {
        let bounds = Bounds::of("backup_every_hours", 0..=8760);
        assert_eq!(u64::read("24", &bounds), Ok(24));
        for bad in ["24h", "4KiB"] {
            let want = "a whole number from 0 to 8760".to_owned();
            assert_eq!(u64::read(bad, &bounds), Err(want), "{bad}");
        }
    }

    #[test]
    fn words_switches_and_addresses_say_what_would_have_worked() {
        check::<LogFormat>("json", Ok("json"));
        check::<LogFormat>("JSON", Err("one of human, json"));
        check::<bool>("1", Ok("true"));
        check::<bool>("yes", Err("true or false"));
        check::<SocketAddr>("[::1]:80", Ok("[::1]:80"));
        check::<SocketAddr>("localhost", Err("an IP address and a port, such as 127.0.0.1:8420"));
        check::<TimeZone>("Europe/Berlin", Ok("Europe/Berlin"));
        check::<TimeZone>("Middle/Earth", Err("a time zone, such as UTC or Europe/Berlin"));
    }

    #[test]
    fn a_public_address_has_a_scheme_a_host_and_no_query() {
        check::<Option<PublicUrl>>("", Ok(""));
        check::<Option<PublicUrl>>("https://desk.example.com/", Ok("https://desk.example.com"));
        check::<Option<PublicUrl>>("http://10.0.0.1:80/desk", Ok("http://10.0.0.1:80/desk"));
        for bad in ["desk.example.com", "https://", "https:///x", "https://a?b", "ftp://a"] {
            check::<Option<PublicUrl>>(bad, Err("an address such as https://desk.example.com"));
        }
    }
}
