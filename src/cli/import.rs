//! `tessera import`.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    time::Instant,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, args::Import, call, out::Out};
use crate::{
    local::{Call, Ends, Tally, find_set},
    model::helpdesk,
    transfer::Progress,
};

/// Imports each file in its order and prints what became of them.
///
/// # Errors
/// A set that cannot be imported, a file that cannot be read, a store that takes no more; and, after
/// everything else was done, lines that were refused.
pub fn run(args: &Import, out: &mut Out) -> Result<(), Failure> {
    let config = args.data.load()?;
    find_set(helpdesk(), &args.set)?;
    for path in &args.files {
        // A misspelt name must not end a long import half way.
        open(path)?;
    }
    let (mut sum, started) = (Tally::default(), Instant::now());
    let mut place = call::Place::open_to_fill(&config)?;
    let import = Call::Import { set: args.set.clone(), all_errors: args.all_errors };
    for path in &args.files {
        let (mut source, length) = open(path)?;
        let name = name_of(path);
        let bar = progress_bar(length, path);
        let mut show = |at: Progress| {
            bar.set_position(at.bytes);
            let rate = u128::from(at.lines) * 1000 / bar.elapsed().as_millis().max(1);
            bar.set_message(format!("{} rows, {rate} rows/s", at.lines));
        };
        let mut told = Vec::new();
        let ends = Ends { out: &mut told, input: &mut *source, progress: &mut show };
        place.run(&import, ends).map_err(|failure| match failure {
            Failure::Failed(why) => Failure::Failed(format!("{name}: {why}")),
            other @ (Failure::NewerFormat(_) | Failure::ClosedPipe) => other,
        })?;
        bar.finish_and_clear();
        let tally: Tally = serde_json::from_slice(&told)?;
        for refusal in &tally.refusals {
            eprintln!("{name}: {refusal}");
        }
        let more = tally.refused - tally.refusals.len() as u64;
        if more > 0 {
            eprintln!("{name}: and {more} more; --all-errors prints every one");
        }
        sum.add(tally);
    }
    drop(place);
    print(&sum, out)?;
    out.line(&format!("{} lines in {:.1} s", sum.lines, started.elapsed().as_secs_f64()))?;
    if sum.refused == 0 {
        return Ok(());
    }
    out.end()?;
    Err(Failure::new(format!(
        "{} of {} lines were refused; mend them and import the file again, what is there already stays as it is",
        sum.refused, sum.lines
    )))
}

/// A file and its length, or standard input for `-`, which has none.
fn open(path: &Path) -> Result<(Box<dyn Read + Send>, Option<u64>), Failure> {
    if is_stdin(path) {
        return Ok((Box::new(io::stdin()), None));
    }
    let unreadable = |error| Failure::new(format!("cannot read '{}': {error}", path.display()));
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_or(0, |about| about.len());
    Ok((Box::new(file), Some(length)))
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn name_of(path: &Path) -> String {
    if is_stdin(path) { "standard input".into() } else { path.display().to_string() }
}

/// On a terminal a bar with rows a second and the time left, as far as the length is known; nothing
/// where nobody watches.
fn progress_bar(length: Option<u64>, path: &Path) -> ProgressBar {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (bar, style) = match length {
        Some(length) => {
            (ProgressBar::new(length), "{prefix} [{bar:30}] {percent}% {msg}, {eta} left")
        }
        None => (ProgressBar::no_length(), "{prefix} {msg}"),
    };
    let bar = bar.with_prefix(name);
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn print(tally: &Tally, out: &mut Out) -> Result<(), Failure> {
    for (name, [created, updated, unchanged]) in &tally.sets {
        out.line(&format!("{name}: {created} created, {updated} updated, {unchanged} unchanged"))?;
    }
    if !tally.unknown.is_empty() {
        let names: Vec<String> =
            tally.unknown.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        out.line(&format!("unknown members, not taken: {}", names.join(", ")))?;
    }
    Ok(())
}
