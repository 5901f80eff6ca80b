//! Settings on the command line: one flag for each, made from the settings' own table.

use clap::{Arg, ArgMatches, Command, error::Error};

use super::{
    Failure,
    args::{DataArgs, Serve},
};
use crate::config::{Config, SETTINGS, Sources};

/// Settings that everybody meets; the others show in `--help` alone, not in `-h`.
const COMMON: [&str; 5] = ["data", "listen", "public_url", "insecure_http", "log_format"];

/// The settings given as flags, in the order of the table.
#[derive(Clone, Debug, Default)]
pub struct SettingFlags(pub Vec<(&'static str, String)>);

impl clap::Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        SETTINGS.iter().fold(command.next_help_heading("Settings"), |command, setting| {
            let default = if setting.default.is_empty() || setting.is_switch {
                String::new()
            } else {
                format!(" [default: {}]", setting.default)
            };
            // clap wants names that live for ever; there are a few dozen, made once.
            let long: &'static str = setting.name.replace('_', "-").leak();
            let arg = Arg::new(setting.name)
                .long(long)
                .value_name("VALUE")
                .help(format!("{}{default}", setting.about))
                .hide_short_help(!COMMON.contains(&setting.name));
            command.arg(if setting.is_switch {
                // `--insecure-http` alone, or `--insecure-http=false` against the file.
                arg.num_args(0..=1).require_equals(true).default_missing_value("true")
            } else {
                arg
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = |name: &'static str| Some((name, matches.get_one::<String>(name)?.clone()));
        Ok(Self(SETTINGS.iter().filter_map(|setting| given(setting.name)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Serve {
    /// The settings in force, and one line for each variable that looks misspelt.
    ///
    /// # Errors
    /// A setting that is wrong.
    pub fn load(&self) -> Result<(Config, Vec<String>), Failure> {
        let mut sources = Sources::of_process(self.config.clone(), self.settings.0.clone());
        sources.demo = self.demo;
        Ok((sources.load()?, sources.misspelt()))
    }
}

impl DataArgs {
    /// The settings in force.
    ///
    /// # Errors
    /// A setting that is wrong.
    pub fn load(&self) -> Result<Config, Failure> {
        let data = self.data.iter().map(|data| ("data", data.display().to_string()));
        Ok(Sources::of_process(self.config.clone(), data.collect()).load()?)
    }
}
