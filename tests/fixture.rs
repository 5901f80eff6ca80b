//! Data folders and backups written by every format there was open for ever, and say what they said then.

#![expect(clippy::unwrap_used, reason = "a test may fail where it cannot go on")]

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tessera::model::{Contents, Type, helpdesk};

const FIRST_THREE: &str = "Tickets?$filter=Id le 3&$select=Id,Guid,Title,Description,Status,Tags,\
     CreatedDateTime,ReopenCount,ExternalReference&$expand=Comments($select=Body,IsInternal,AuthorName),\
     History($top=1;$select=Property,ToText)";

/// What format 1 consists of: each stored set with its number, and the numbers and kinds of its properties.
const FORMAT_1: &str = include_str!("fixtures/format-1/stored.txt");

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1").join(name)
}

/// A copy of the folder, to be opened without changing the original.
fn copy_of_data() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(&fixture("data"), dir.path());
    dir
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if from.is_dir() {
            copy(&from, &to.join(name));
        } else {
            fs::copy(&from, to.join(name)).unwrap();
        }
    }
}

#[track_caller]
fn run(args: &[&str], dir: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tessera"))
        .args(args)
        .arg("--data")
        .arg(dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every set is what it was, and so is what a query says.
#[track_caller]
fn says_what_it_said(dir: &Path) {
    let answer = run(&["query", FIRST_THREE], dir);
    assert_eq!(answer, fs::read_to_string(fixture("first-three.json")).unwrap());
    let report = run(&["check"], dir);
    assert!(report.ends_with("everything is as it must be\n"), "{report}");
    for line in fs::read_to_string(fixture("check.txt")).unwrap().lines() {
        assert!(report.lines().any(|found| found == line), "{line} is not in\n{report}");
    }
}

#[test]
fn data_of_format_1_opens() {
    let dir = copy_of_data();
    says_what_it_said(dir.path());
    // And again, after this version has written to it.
    says_what_it_said(dir.path());
}

#[test]
fn data_of_format_1_is_rebuilt_from_its_checkpoint_and_journal() {
    let dir = copy_of_data();
    fs::remove_dir_all(dir.path().join("workspaces/default/records")).unwrap();
    says_what_it_said(dir.path());
}

#[test]
fn a_backup_of_format_1_is_restored() {
    let dir = tempfile::tempdir().unwrap();
    let new = dir.path().join("new");
    run(&["restore", fixture("backup").to_str().unwrap()], &new);
    says_what_it_said(&new);
}

/// The model as [`FORMAT_1`] writes it down.
fn stored() -> String {
    let (model, mut told) = (helpdesk(), String::new());
    for (id, set) in model.set_ids() {
        let Contents::Stored { code } = set.contents else { continue };
        let mut tags: Vec<(u16, String)> = model
            .entity_type(id)
            .props()
            .filter_map(|(_, property)| {
                let kind = match &property.ty {
                    _ if property.is_long() => "long".to_owned(),
                    Type::Primitive(primitive) => {
                        primitive.name().trim_start_matches("Edm.").to_owned()
                    }
                    Type::Enum(_) => "enum".to_owned(),
                    Type::Complex(_) => "complex".to_owned(),
                    Type::Collection(_) => "list".to_owned(),
                };
                Some((property.tag()?, kind))
            })
            .collect();
        tags.sort();
        let tags: Vec<String> = tags.iter().map(|(tag, kind)| format!("{tag} {kind}")).collect();
        writeln!(told, "{code} {}: {}", set.name, tags.join(", ")).unwrap();
    }
    told
}

/// Two sets came after the data of format 1 was made; an older version then called sound data unreadable.
#[test]
fn what_is_stored_does_not_change_without_a_decision() {
    let found = stored();
    assert!(
        found == FORMAT_1,
        "what the model stores is no longer what fixtures/format-1/stored.txt says:\n{found}\n\
         Decide, by 'Changes of what is stored' in docs/storage.md: a set or property that is only added \
         joins the list, and an older version then refuses data that has it with exit code 3; anything else \
         that changes needs a new format, with a list and fixtures of its own"
    );
}
