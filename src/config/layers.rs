//! Layers the settings: defaults, then the file, then the environment, then the flags.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use super::{Config, Origin, SETTINGS};
use crate::error::nearest;

/// The file read when `--config` names no other.
const FILE: &str = "tessera.toml";

/// Where settings come from; see [`Sources::of_process`].
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file `--config` names; without it `tessera.toml` here, if there is one.
    pub file: Option<PathBuf>,
    /// Environment variables, of which those beginning with `TESSERA_` matter.
    pub environment: Vec<(String, String)>,
    /// Setting and text of each flag that was given.
    pub flags: Vec<(&'static str, String)>,
    /// True for `--demo`, which changes the default of `data`.
    pub demo: bool,
}

/// One line for the person who starts the program: what is wrong, where, and what would have worked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(String);

impl Sources {
    /// The process's environment with these flags.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(&'static str, String)>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, text)| Some((name.into_string().ok()?, text)))
            .map(|(name, text)| (name, text.to_string_lossy().into_owned()))
            .filter(|(name, _)| name.starts_with("TESSERA_"))
            .collect();
        Self { file, environment, flags, demo: false }
    }

    /// The settings in force.
    ///
    /// # Errors
    /// A value that a setting does not take, a key nobody knows, or a file that cannot be read.
    pub fn load(&self) -> Result<Config, Wrong> {
        let mut config = Config::default();
        if self.demo {
            apply(&mut config, "data", "./tessera-demo", &Origin::Demo)?;
        }
        if let Some((name, text)) = self.read_file()? {
            apply_file(&mut config, &name, &text)?;
        }
        for setting in SETTINGS {
            let env = setting.env();
            if let Some((_, text)) = self.environment.iter().find(|(name, _)| *name == env) {
                apply(&mut config, setting.name, text, &Origin::Environment(env))?;
            }
        }
        for (name, text) in &self.flags {
            let flag = format!("--{}", name.replace('_', "-"));
            apply(&mut config, name, text, &Origin::Flag(flag))?;
        }
        if config.page_size > config.page_size_max {
            return Err(Wrong(format!(
                "page_size {} is above page_size_max {}; lower the first or raise the second",
                config.page_size, config.page_size_max
            )));
        }
        Ok(config)
    }

    /// Variables that look like a setting misspelt, one line each; others are left alone.
    #[must_use]
    pub fn misspelt(&self) -> Vec<String> {
        let known = || SETTINGS.iter().map(|setting| setting.name);
        let hint = |name: &str| {
            let key = name.strip_prefix("TESSERA_")?.to_ascii_lowercase();
            let near = nearest(&key, known()).filter(|near| *near != key)?.to_ascii_uppercase();
            Some(format!(
                "environment {name} is no setting and is ignored; did you mean TESSERA_{near}?"
            ))
        };
        self.environment.iter().filter_map(|(name, _)| hint(name)).collect()
    }

    /// Name and text of the settings file; none where the habitual one is absent.
    fn read_file(&self) -> Result<Option<(String, String)>, Wrong> {
        let path = self.file.as_deref().unwrap_or(Path::new(FILE));
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some((name, text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.file.is_none() => {
                Ok(None)
            }
            Err(error) => Err(Wrong(format!(
                "cannot read the settings file {name}: {error}; name another with --config"
            ))),
        }
    }
}

fn apply(config: &mut Config, name: &str, text: &str, origin: &Origin) -> Result<(), Wrong> {
    match config.set(name, text, origin.clone()) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let near = nearest(name, SETTINGS.iter().map(|setting| setting.name));
            let hint = near.map_or_else(
                || "'tessera serve --print-config' lists the settings".to_owned(),
                |near| format!("did you mean '{near}'?"),
            );
            Err(Wrong(format!("{origin}: there is no setting '{name}'; {hint}")))
        }
        Err(takes) => Err(Wrong(format!("{origin}: {name} is '{text}', but takes {takes}"))),
    }
}

fn apply_file(config: &mut Config, name: &str, text: &str) -> Result<(), Wrong> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        let reason = error.message().lines().collect::<Vec<_>>().join("; ");
        Wrong(format!("file {name}, line {line}: {reason}"))
    })?;
    for (key, value) in &table {
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(switch) => switch.to_string(),
            // None of these can be a setting, so the complaint names the key and what it takes.
            toml::Value::Float(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_)
            | toml::Value::Table(_) => format!("a TOML {}", value.type_str()),
        };
        apply(config, key, &text, &Origin::File(name.to_owned()))?;
    }
    Ok(())
}

impl Config {
    /// One line per setting: `name = "value"  # origin`; a settings file in itself.
    #[must_use]
    pub fn print(&self) -> String {
        let mut text = String::new();
        for ((setting, value), origin) in SETTINGS.iter().zip(self.values()).zip(&self.origins) {
            let quoted = toml::Value::String(value.clone());
            let plain = value == "true"
                || value == "false"
                || (!value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()));
            let shown = if plain { value } else { quoted.to_string() };
            let line = format!("{} = {shown}", setting.name);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{line:<44} # {origin}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(file: &str, environment: &[(&str, &str)]) -> (tempfile::TempDir, Sources) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        std::fs::write(&path, file).unwrap();
        let environment =
            environment.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
        (dir, Sources { file: Some(path), environment, ..Sources::default() })
    }

    /// The complaint about that file and environment, with the folder cut off.
    #[track_caller]
    fn check(file: &str, environment: &[(&str, &str)], want: &str) {
        let (dir, sources) = sources(file, environment);
        let got = sources.load().unwrap_err().to_string();
        assert_eq!(got.replace(&format!("{}/", dir.path().display()), ""), want);
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_file() {
        let (_dir, mut sources) = sources(
            "page_size = 10\nlisten = \"127.0.0.1:1\"\nqueue_max = \"8\"\ninsecure_http = true",
            &[("TESSERA_LISTEN", "127.0.0.1:2"), ("TESSERA_PAGE_SIZE", "20")],
        );
        sources.flags = vec![("page_size", "30".into())];
        let config = sources.load().unwrap();
        assert_eq!((config.page_size, config.listen.port(), config.queue_max), (30, 2, 8));
        let printed = config.print();
        assert!(printed.contains("page_size = 30"), "{printed}");
        assert!(printed.contains("# flag --page-size\n"), "{printed}");
        assert!(printed.contains("# environment TESSERA_LISTEN\n"), "{printed}");
        assert!(printed.contains("# default\n"), "{printed}");
    }

    #[test]
    fn what_print_config_shows_is_a_settings_file() {
        let (_dir, demo) = sources("", &[]);
        let shown = Sources { demo: true, ..demo }.load().unwrap().print();
        let (_dir, again) = sources(&shown, &[]);
        assert_eq!(again.load().unwrap().data, PathBuf::from("./tessera-demo"));
    }

    #[test]
    fn a_wrong_setting_is_one_line_with_place_and_remedy() {
        check(
            "page_sise = 5",
            &[],
            "file tessera.toml: there is no setting 'page_sise'; did you mean 'page_size'?",
        );
        check(
            "colour = 'red'",
            &[],
            "file tessera.toml: there is no setting 'colour'; 'tessera serve --print-config' lists the settings",
        );
        check(
            "page_size = 0",
            &[],
            "file tessera.toml: page_size is '0', but takes a whole number from 1 to 100000",
        );
        check(
            "",
            &[("TESSERA_LISTEN", "here")],
            "environment TESSERA_LISTEN: listen is 'here', but takes an IP address and a port, such as 127.0.0.1:8420",
        );
        check(
            "listen = ['a']",
            &[],
            "file tessera.toml: listen is 'a TOML array', but takes an IP address and a port, such as 127.0.0.1:8420",
        );
        check(
            "page_size = 9000\npage_size_max = 10",
            &[],
            "page_size 9000 is above page_size_max 10; lower the first or raise the second",
        );
        let (_dir, sources) = sources("a = 1\nb = = 2", &[]);
        let got = sources.load().unwrap_err().to_string();
        assert!(got.contains("tessera.toml, line 2: ") && !got.contains('\n'), "{got}");
    }

    #[test]
    fn a_file_that_was_named_must_exist() {
        let sources = Sources { file: Some("/nowhere/t.toml".into()), ..Sources::default() };
        let got = sources.load().unwrap_err().to_string();
        assert!(got.starts_with("cannot read the settings file /nowhere/t.toml: "), "{got}");
    }

    #[test]
    fn a_misspelt_variable_is_pointed_out_and_a_strange_one_left_alone() {
        let (_dir, sources) = sources("", &[("TESSERA_LISTN", "x"), ("TESSERA_CRASH_ROUNDS", "5")]);
        assert!(sources.load().is_ok());
        assert_eq!(
            sources.misspelt(),
            [
                "environment TESSERA_LISTN is no setting and is ignored; did you mean TESSERA_LISTEN?"
            ]
        );
    }
}
