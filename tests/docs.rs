//! What the documentation must name: every setting, error code and flag, and nothing that is gone.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;

use tessera::{
    auth::{Role, scope},
    cli,
    config::{SETTINGS, Setting},
    model::helpdesk,
};

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The cells of every row of the tables of a page, without the backticks.
fn rows(page: &str) -> Vec<Vec<String>> {
    let is_row = |line: &&str| line.starts_with("| ");
    let cells = |line: &str| {
        let inner = line.trim_matches('|').to_owned();
        inner.split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    page.lines().filter(is_row).map(cells).collect()
}

#[test]
fn every_setting_is_documented_with_its_names_and_default() {
    let page = read("docs/settings.md");
    let of_tables: Vec<_> = rows(&page).into_iter().skip(1).collect();
    let wanted: Vec<Vec<String>> = SETTINGS
        .iter()
        .map(|setting| {
            let default = match setting.default {
                "" => "none".to_owned(),
                default => format!("`{default}`"),
            };
            let (name, env, flag) = (setting.name, setting.env(), setting.flag());
            let about = setting.about.to_owned();
            vec![format!("`{name}`"), default, format!("`{env}`"), format!("`{flag}`"), about]
        })
        .collect();
    for want in &wanted {
        assert!(of_tables.contains(want), "docs/settings.md lacks: | {} |", want.join(" | "));
    }
    for row in &of_tables {
        assert!(wanted.contains(row), "docs/settings.md has, but no setting is: {row:?}");
    }
}

/// Code and status of every error, from the matches in `src/error.rs`.
fn error_codes() -> BTreeMap<String, String> {
    let source = read("src/error.rs");
    let body = |name: &str| {
        let start = source.find(&format!("pub fn {name}(&self)")).unwrap();
        let end = start + source[start..].find("\n    }\n").unwrap();
        source[start..end].to_owned()
    };
    let variant = |text: &str| {
        let name = text.trim_start_matches(['|', ' ']).strip_prefix("Self::")?;
        Some(name.chars().take_while(char::is_ascii_alphanumeric).collect::<String>())
    };
    let mut statuses = BTreeMap::new();
    for arm in body("status").replace("            }\n", "            },\n").split(",\n") {
        let Some((patterns, status)) = arm.split_once(" => ") else { continue };
        for name in patterns.split(['\n', '|']).filter_map(|text| variant(text.trim())) {
            let status = status.trim_matches(|c: char| !c.is_ascii_digit());
            statuses.insert(name, status.to_owned());
        }
    }
    body("code")
        .lines()
        .filter_map(|line| {
            let (pattern, code) = line.split_once(" => ")?;
            let code = code.trim_matches([',', '"']).to_owned();
            Some((code, statuses[&variant(pattern.trim())?].clone()))
        })
        .collect()
}

#[test]
fn every_error_code_is_documented_with_its_status() {
    let known = error_codes();
    assert!(known.len() > 30 && known["StorageFull"] == "507", "{known:?}");
    let documented: BTreeMap<String, String> = rows(&read("docs/errors.md"))
        .into_iter()
        .skip(1)
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].clone()))
        .collect();
    assert_eq!(documented, known);
}

#[test]
fn every_command_and_flag_is_documented() {
    fn visit(command: &clap::Command, words: &str, page: &str) {
        let names: Vec<String> = SETTINGS.iter().map(Setting::flag).collect();
        for arg in command.get_arguments() {
            let Some(long) = arg.get_long().map(|long| format!("--{long}")) else { continue };
            let is_known = names.contains(&long) || long == "--help" || long == "--version";
            assert!(is_known || page.contains(&format!("`{long}")), "{words} {long}");
        }
        for inner in command.get_subcommands() {
            let words = format!("{words} {}", inner.get_name());
            let is_group = inner.has_subcommands();
            assert!(is_group || page.contains(&format!("`{words}`")), "{words}");
            visit(inner, &words, page);
        }
    }
    visit(&cli::command(), "tessera", &read("docs/cli.md"));
}

/// The folders that a unit lets its service write to.
fn writable(unit: &str) -> Vec<String> {
    let words = |name: &str| {
        let lines = unit.lines().filter_map(move |line| line.strip_prefix(name));
        lines.flat_map(str::split_whitespace).map(str::to_owned).collect::<Vec<_>>()
    };
    let state = words("StateDirectory=").into_iter().map(|dir| format!("/var/lib/{dir}"));
    state.chain(words("ReadWritePaths=")).collect()
}

#[test]
fn every_role_stands_with_exactly_its_scopes() {
    let page = read("docs/access.md");
    let of_tables = rows(&page);
    let roles = Role::ALL.map(|role| format!("`{role}`"));
    let head = [&["Scope".to_owned(), "What it is for".to_owned()][..], &roles].concat();
    assert!(of_tables.contains(&head), "docs/access.md lacks: | {} |", head.join(" | "));
    let wanted: Vec<Vec<String>> = scope::ALL
        .iter()
        .map(|scope| {
            let brings =
                scope.implies.map_or_else(String::new, |name| format!("; brings `{name}`"));
            let holds = |role: Role| if role.scopes().has(scope.name) { "yes" } else { "-" };
            let of_scope = [format!("`{}`", scope.name), format!("{}{brings}", scope.doc)];
            of_scope.into_iter().chain(Role::ALL.map(|role| holds(role).to_owned())).collect()
        })
        .collect();
    let width = head.len();
    let told: Vec<&Vec<String>> =
        of_tables.iter().filter(|row| row.len() == width && **row != head).collect();
    for want in &wanted {
        assert!(told.contains(&want), "docs/access.md lacks: | {} |", want.join(" | "));
    }
    assert_eq!(told.len(), wanted.len(), "docs/access.md tells of scopes that are gone");
}

#[test]
fn every_entity_set_and_guarded_property_stands_with_the_scope_that_reads_it() {
    let (page, model) = (read("docs/access.md"), helpdesk());
    let row = |what: String, scope: &str| vec![format!("`{what}`"), format!("`{scope}`")];
    let mut wanted: Vec<Vec<String>> = Vec::new();
    for set in model.sets.iter().filter(|set| !set.hidden) {
        wanted.push(row(set.name.to_owned(), set.scopes.read));
        let properties = &model.structure(set.ty).properties;
        for property in properties.iter().filter(|property| !property.hidden) {
            let scope =
                property.scope.map(|scope| (format!("{}/{}", set.name, property.name), scope));
            wanted.extend(scope.map(|(name, scope)| row(name, scope)));
        }
    }
    let is_pair = |row: &Vec<String>| row.len() == 2 && row[0].starts_with('`');
    let told: Vec<Vec<String>> = rows(&page).into_iter().filter(is_pair).collect();
    for want in &wanted {
        assert!(told.contains(want), "docs/access.md lacks: | {} |", want.join(" | "));
    }
    assert_eq!(told.len(), wanted.len(), "docs/access.md tells of what is gone: {told:?}");
}

/// What the files of docs/deploy say is what the binary takes.
#[test]
fn the_deployment_files_start_a_server() {
    let unit = read("docs/deploy/tessera.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let settings = format!("{}/docs/deploy/tessera.toml", env!("CARGO_MANIFEST_DIR"));
    let args = start.replace("/etc/tessera/tessera.toml", &settings);
    let shown = std::process::Command::new(env!("CARGO_BIN_EXE_tessera"))
        .args(args.split(' ').skip(1))
        .arg("--print-config")
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    assert!(text.contains("data = \"/var/lib/tessera\""), "{text}");
    assert!(text.contains("public_url = \"https://desk.example.com\""), "{text}");
    let backups = text.lines().find_map(|line| line.strip_prefix("backup_dir = ")).unwrap();
    let backups = backups.split('"').nth(1).unwrap();
    let writable = writable(&unit);
    assert!(writable.iter().any(|dir| dir == "/var/lib/tessera"), "{writable:?}");
    assert!(backups.starts_with('/') && writable.iter().any(|dir| dir == backups), "{backups}");
    assert!(text.contains("backup_every_hours = 24") && unit.contains("StateDirectoryMode=0700"));
    let container = read("docs/deploy/Containerfile");
    let volumes = container.lines().find_map(|line| line.strip_prefix("VOLUME ")).unwrap();
    for setting in ["TESSERA_DATA=", "TESSERA_BACKUP_DIR="] {
        let dir = container.split_whitespace().find_map(|word| word.strip_prefix(setting)).unwrap();
        assert!(volumes.split(' ').any(|volume| volume == dir), "{setting}{dir}");
    }
    let named: Vec<&str> = container
        .split(|c: char| !(c.is_ascii_uppercase() || c == '_'))
        .filter(|word| word.starts_with("TESSERA_"))
        .collect();
    assert!(named.len() >= 3);
    for name in named {
        assert!(SETTINGS.iter().any(|setting| setting.env() == name), "{name} is no setting");
    }
}
