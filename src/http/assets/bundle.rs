//! The files of one build of the page, with the address they are served below.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, OnceLock},
};

use super::{comments::without_comments, imports, sheets};
use crate::{hash, http::compress::Kept};

const SHELL: &str = "index.html";
/// What the page runs first.
const MAIN: &str = "main.js";

/// One file, and its coded forms once somebody asked for them.
pub(super) struct File {
    content_type: &'static str,
    tag: String,
    body: Arc<Kept>,
}

impl File {
    fn new(content_type: &'static str, bytes: Vec<u8>) -> Self {
        let tag = format!("\"{}\"", short(hash::digest(&bytes)));
        Self { content_type, tag, body: Arc::new(Kept::new(bytes)) }
    }

    pub(super) fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// A strong entity tag with its quotes.
    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    pub(super) fn body(&self) -> &Arc<Kept> {
        &self.body
    }
}

/// A file as it is written.
pub(super) struct Source {
    /// Its path below `web/`.
    pub(super) name: String,
    pub(super) digest: [u8; 32],
    pub(super) bytes: Vec<u8>,
}

/// Everything the page is made of.
pub(super) struct Bundle {
    build: String,
    is_fixed: bool,
    files: BTreeMap<String, File>,
    shell: OnceLock<Option<File>>,
}

impl Bundle {
    /// A bundle of files. Only what a page is made of is taken.
    pub(super) fn new(sources: Vec<Source>, is_fixed: bool) -> Self {
        let build = build_of(&sources);
        let mut taken = BTreeMap::new();
        for Source { name, bytes, .. } in sources {
            if content_type(&name).is_some() {
                let bytes = if is_code(&name) { shortened(bytes) } else { bytes };
                taken.insert(name, bytes);
            }
        }
        sheets::join(&mut taken, SHELL);
        let files = taken.into_iter().filter_map(|(name, bytes)| {
            let file = File::new(content_type(&name)?, bytes);
            Some((name, file))
        });
        Self { build, is_fixed, files: files.collect(), shell: OnceLock::new() }
    }

    /// Whether these are the files it was made of.
    pub(super) fn is_of(&self, sources: &[Source]) -> bool {
        self.build == build_of(sources)
    }

    /// What stands for the content of all files in their addresses.
    pub(super) fn build(&self) -> &str {
        &self.build
    }

    /// False for files that may change while they are served.
    pub(super) fn is_fixed(&self) -> bool {
        self.is_fixed
    }

    /// A file to be had by its address; the shell has others.
    pub(super) fn file(&self, name: &str) -> Option<&File> {
        self.files.get(name).filter(|_| name != SHELL)
    }

    /// The modules that run before the page shows anything.
    pub(super) fn modules(&self) -> Vec<String> {
        imports::needed_by(MAIN, |name| self.text(name)).into_iter().collect()
    }

    /// The page with the addresses of this build, telling the browser which modules it will need.
    pub(super) fn shell(&self) -> Option<&File> {
        self.shell.get_or_init(|| self.written_shell()).as_ref()
    }

    fn written_shell(&self) -> Option<File> {
        let root = format!("\"/ui/{}/", self.build);
        let page = self.text(SHELL)?.replace("\"/ui/", &root);
        let mut links = String::new();
        for name in self.modules() {
            let _ = writeln!(links, "  <link rel=\"modulepreload\" href={root}{name}\">");
        }
        let page = page.replacen("</head>", &format!("{links}</head>"), 1);
        Some(File::new(self.files.get(SHELL)?.content_type, page.into_bytes()))
    }

    fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(name)?.body.as_bytes()).ok()
    }
}

/// What stands for names and contents of files, in whatever order they come.
fn build_of(sources: &[Source]) -> String {
    let taken = sources.iter().filter(|source| content_type(&source.name).is_some());
    let digests: BTreeMap<_, _> = taken.map(|source| (&source.name, &source.digest)).collect();
    let mut all = hash::Stream::default();
    for (name, digest) in digests {
        all.add(&(name.len() as u64).to_le_bytes());
        all.add(name.as_bytes());
        all.add(digest);
    }
    short(all.finish())
}

fn is_code(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ["js", "css"].contains(&ending))
}

fn shortened(bytes: Vec<u8>) -> Vec<u8> {
    match std::str::from_utf8(&bytes) {
        Ok(text) => without_comments(text).into_bytes(),
        Err(_) => bytes,
    }
}

/// 16 hex digits.
fn short(digest: hash::Digest) -> String {
    digest[..8].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Only what the page is made of is served.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        _ => None,
    }
}
