//! `tessera import`.

use std::{fs::File, path::Path, time::Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, args::Import, out::Out, workspace::Workspace};
use crate::{
    error::nearest,
    model::{Model, SetId, helpdesk},
    transfer::{Options, Progress, Summary, import, is_importable},
};

/// Imports each file in its order and prints what became of them.
///
/// # Errors
/// A set that cannot be imported, a file that cannot be read, a store that takes no more; and, after
/// everything else was done, lines that were refused.
pub fn run(args: &Import, out: &mut Out) -> Result<(), Failure> {
    let config = args.data.load()?;
    let set = find_set(helpdesk(), &args.set)?;
    for path in &args.files {
        // A misspelt name must not end a long import half way.
        File::open(path).map_err(|error| unreadable(path, &error))?;
    }
    let workspace = Workspace::open(&config, false)?;
    let (mut summary, started) = (Summary::default(), Instant::now());
    for path in &args.files {
        let source = File::open(path).map_err(|error| unreadable(path, &error))?;
        let bar = progress_bar(source.metadata().map_or(0, |about| about.len()), path);
        let mut show = |at: Progress| {
            bar.set_position(at.bytes);
            let rate = u128::from(at.lines) * 1000 / bar.elapsed().as_millis().max(1);
            bar.set_message(format!("{} rows, {rate} rows/s", at.lines));
        };
        let options = Options { model: helpdesk(), set };
        let done = import(&*workspace.engine, source, options, &mut show)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        bar.finish_and_clear();
        for refusal in &done.refusals {
            eprintln!("{}: {refusal}", path.display());
        }
        summary.add(done);
    }
    workspace.engine.close();
    print(helpdesk(), &summary, out)?;
    out.line(&format!("{} lines in {:.1} s", summary.lines, started.elapsed().as_secs_f64()))?;
    if summary.refused == 0 {
        return Ok(());
    }
    out.end()?;
    Err(Failure::new(format!(
        "{} of {} lines were refused; mend them and import the file again, what is there already stays as it is",
        summary.refused, summary.lines
    )))
}

/// The set of that name, if it can be imported or exported.
///
/// # Errors
/// What would have worked.
pub(super) fn find_set(model: &Model, name: &str) -> Result<SetId, Failure> {
    if let Some(set) = model.find_set(name).filter(|set| is_importable(model, *set)) {
        return Ok(set);
    }
    let known: Vec<&str> = model
        .set_ids()
        .filter(|(set, _)| is_importable(model, *set))
        .map(|(_, set)| set.name)
        .collect();
    let hint = nearest(name, known.iter().copied()).map_or_else(
        || format!("there are {}", known.join(", ")),
        |near| format!("did you mean '{near}'?"),
    );
    Err(Failure::new(format!("'{name}' is no set that can be imported or exported; {hint}")))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot read '{}': {error}", path.display()))
}

/// On a terminal a bar with rows a second and the time left; nothing where nobody watches.
fn progress_bar(bytes: u64, path: &Path) -> ProgressBar {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let style = "{prefix} [{bar:30}] {percent}% {msg}, {eta} left";
    let bar = ProgressBar::new(bytes).with_prefix(name);
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn print(model: &Model, summary: &Summary, out: &mut Out) -> Result<(), Failure> {
    for (set, tally) in &summary.sets {
        let name = model.set(*set).name;
        let (created, updated, unchanged) = (tally.created, tally.updated, tally.unchanged);
        out.line(&format!("{name}: {created} created, {updated} updated, {unchanged} unchanged"))?;
    }
    if !summary.unknown.is_empty() {
        let names: Vec<String> =
            summary.unknown.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        out.line(&format!("unknown members, not taken: {}", names.join(", ")))?;
    }
    Ok(())
}
