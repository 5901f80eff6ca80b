//! The arguments of every command, with their help.

use std::path::PathBuf;

use clap::{
    Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::{expires::Expires, settings::SettingFlags};
use crate::{
    auth::{Role, key_prefix_of},
    desk::tokens::OVERLAP_HOURS_MAX,
};

/// A helpdesk in one binary: tickets served as an OData feed.
#[derive(Debug, Parser)]
#[command(
    name = "tessera",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  tessera serve --demo
  tessera token create --name 'Power BI' --role ReadOnlyAgent --expires 30d
  tessera query 'Tickets?$top=5'

Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 data of a newer version."
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(Serve),
    /// Read entities from JSON Lines into the store
    Import(Import),
    /// Write entities as JSON Lines to standard output
    Export(Export),
    /// Make, list and revoke access tokens
    Token(Token),
    /// Manage the people who work here
    User(User),
    /// Compare the records with the journal and print hash and count of each entity set
    Check(Check),
    /// Write everything into one verified file
    Backup(Backup),
    /// Make a data folder of a backup
    Restore(Restore),
    /// Run an OData query against the data folder and print the answer
    Query(Query),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print a manual page
    Man(Man),
}

/// `tessera serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every setting may also stand in tessera.toml (page_size = 500) or in the environment
(TESSERA_PAGE_SIZE=500); a flag wins over the environment, and that over the file.

Examples:
  tessera serve --demo
  tessera serve --data /var/lib/tessera --public-url https://desk.example.com --listen 0.0.0.0:8420
  TESSERA_LOG_FORMAT=json tessera serve
  tessera serve --print-config")]
pub struct Serve {
    /// Serve a small made-up helpdesk from ./tessera-demo
    #[arg(long)]
    pub demo: bool,
    /// Print every setting with its origin, and end
    #[arg(long)]
    pub print_config: bool,
    /// Copy what is sound of a damaged journal and list what is not, then serve
    #[arg(long)]
    pub recover: bool,
    /// Settings file [default: tessera.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A flag for each setting.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// Which data folder a command works on.
#[derive(Debug, clap::Args)]
pub struct DataArgs {
    /// Folder with the data [default: ./tessera-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Settings file [default: tessera.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `tessera import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
One JSON object a line, in the shape the feed returns, plain or in gzip; a saved page of the feed is
taken apart. A bad line is refused with its number and reason and does not stop the rest; running it
again changes nothing.

Examples:
  tessera import tickets.jsonl
  tessera import --data /var/lib/tessera tickets-2025.jsonl.gz tickets-2026.jsonl.gz
  tessera import --set Customers customers.jsonl
  tessera import --all-errors tickets.jsonl 2> refused.txt
  tessera export --data ./other --set Tickets | tessera import -")]
pub struct Import {
    /// Print every refused line, not only the first 20 of each file
    #[arg(long)]
    pub all_errors: bool,
    /// Entity set of lines that do not name theirs
    #[arg(long, value_name = "SET", default_value = "Tickets")]
    pub set: String,
    /// Where to import to.
    #[command(flatten)]
    pub data: DataArgs,
    /// Files to read, in this order; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// `tessera export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --set everything but the access tokens is written, in an order that 'tessera import' takes.

Examples:
  tessera export > helpdesk.jsonl
  tessera export --set Customers | gzip > customers.jsonl.gz")]
pub struct Export {
    /// Only this entity set
    #[arg(long, value_name = "SET")]
    pub set: Option<String>,
    /// Where to export from.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera token`.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Token {
    /// What to do with tokens.
    #[command(subcommand)]
    pub command: TokenCommand,
}

/// The commands of `tessera token`.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, this once, alone on standard output
    Create(TokenCreate),
    /// List the tokens, without their secrets
    List(TokenList),
    /// Tell all of a token but its secret
    Show(TokenShow),
    /// Give a token a new secret and print it, this once, alone on standard output
    Rotate(TokenRotate),
    /// End a token, for good, and those made with it
    Revoke(TokenRevoke),
    /// End a token and take it off the list
    Delete(TokenDelete),
}

/// `tessera token create`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera token create --name 'Power BI' --role ReadOnlyAgent
  tessera token create --name 'intake form' --role Agent --scopes tickets:create --expires 12h
  tessera token create --name 'Ada on her phone' --owner ada@example.com
  tessera token create --name audit --role ReadOnlyAdministrator --expires 2027-01-31
  tessera token create --name mail --role Agent --service --responsible ada@example.com --address 10.0.0.7")]
pub struct TokenCreate {
    /// What the token is for, so that somebody else knows it again
    #[arg(long)]
    pub name: String,
    /// Whose it is: a user's e-mail address or Id; the token never may more than that user
    #[arg(long, value_name = "EMAIL")]
    pub owner: Option<String>,
    /// What it may do at most [default: as much as its owner]
    #[arg(long, value_parser = roles(), required_unless_present = "owner")]
    pub role: Option<Role>,
    /// Only these of the role's scopes, such as tickets:read,comments:read
    #[arg(long, value_delimiter = ',', value_name = "SCOPES")]
    pub scopes: Vec<String>,
    /// How long it works (90s, 15m, 12h, 30d), or its last day [default: one month]
    #[arg(long, value_name = "WHEN")]
    pub expires: Option<Expires>,
    /// Which program uses it, and what for
    #[arg(long, value_name = "TEXT")]
    pub purpose: Option<String>,
    /// An address or network it works from, such as 10.0.0.0/8; may be given again [default: everywhere]
    #[arg(long, value_name = "ADDRESS")]
    pub address: Vec<String>,
    /// Make it the helpdesk's own, for a service that outlasts people
    #[arg(long, requires = "responsible", conflicts_with = "owner")]
    pub service: bool,
    /// Who answers for a service token: a user's e-mail address or Id
    #[arg(long, value_name = "EMAIL", requires = "service")]
    pub responsible: Option<String>,
    /// Where the tokens are kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera token list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera token list
  tessera token list --data /var/lib/tessera")]
pub struct TokenList {
    /// Where the tokens are kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera token revoke`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera token revoke 7")]
pub struct TokenRevoke {
    /// The token's Id, or how its secret begins, as 'tessera token list' shows them
    #[arg(value_parser = token_named)]
    pub id: String,
    /// Where the tokens are kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera token show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera token show 7
  tessera token show tsr_agent_4fK9aB")]
pub struct TokenShow {
    /// The token's Id, or how its secret begins, as 'tessera token list' shows them
    #[arg(value_parser = token_named)]
    pub id: String,
    /// Where the tokens are kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera token rotate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The new secret has the same end; the former works too until the overlap is over.

Examples:
  tessera token rotate 7
  tessera token rotate 7 --overlap 0h")]
pub struct TokenRotate {
    /// The token's Id, or how its secret begins, as 'tessera token list' shows them
    #[arg(value_parser = token_named)]
    pub id: String,
    /// How long the former secret works too, 0h to 7d [default: 24h]
    #[arg(long, value_name = "TIME", value_parser = overlap)]
    pub overlap: Option<i64>,
    /// Where the tokens are kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera token delete`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera token delete 7")]
pub struct TokenDelete {
    /// The token's Id, or how its secret begins, as 'tessera token list' shows them
    #[arg(value_parser = token_named)]
    pub id: String,
    /// Where the tokens are kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera user`.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct User {
    /// What to do with users.
    #[command(subcommand)]
    pub command: UserCommand,
}

/// The commands of `tessera user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user
    Create(UserCreate),
    /// List the users
    List(UserList),
    /// Take a user's rights away, and those of its tokens
    Disable(UserNamed),
    /// Give a disabled user its rights back
    Enable(UserNamed),
    /// Change what a user may do
    Role(UserRole),
    /// Print a link with which a user chooses a password, once and within 30 minutes
    Link(UserLink),
}

/// `tessera user link`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera user link ada@example.com
  tessera user link 7")]
pub struct UserLink {
    /// The user's Id or e-mail address
    pub user: String,
    /// Where the users are kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera user disable` and `tessera user enable`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera user disable ada@example.com
  tessera user enable 7")]
pub struct UserNamed {
    /// The user's Id or e-mail address
    pub user: String,
    /// Where the users are kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera user role`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera user role ada@example.com ReadOnlyAgent
  tessera user role 7 Administrator")]
pub struct UserRole {
    /// The user.
    #[command(flatten)]
    pub user: UserNamed,
    /// What it may do at most
    #[arg(value_parser = roles())]
    pub role: Role,
}

/// `tessera user list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera user list
  tessera user list --data /var/lib/tessera")]
pub struct UserList {
    /// Where the users are kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera user create`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera user create --name 'Ada Reyes' --email ada@example.com --role Agent")]
pub struct UserCreate {
    /// The user's name
    #[arg(long)]
    pub name: String,
    /// The user's e-mail address; no other user may have it
    #[arg(long)]
    pub email: String,
    /// What it may do at most
    #[arg(long, value_parser = roles())]
    pub role: Role,
    /// Where the users are kept.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera check
  tessera check --data /var/lib/tessera")]
pub struct Check {
    /// What to check.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The file gets its name only when it was read back whole and every entity set hashes as in the data.

Examples:
  tessera backup helpdesk.backup
  tessera backup --force --data /var/lib/tessera /mnt/backups/helpdesk.backup")]
pub struct Backup {
    /// The file to make
    pub file: PathBuf,
    /// Replace the file if it is there already
    #[arg(long)]
    pub force: bool,
    /// What to back up.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera restore`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The folder must be empty or not there yet; it stays so until everything was read and compared.

Examples:
  tessera restore helpdesk.backup --data ./restored
  tessera restore /mnt/backups/helpdesk.backup --data /var/lib/tessera")]
pub struct Restore {
    /// The backup to read
    pub file: PathBuf,
    /// Folder to make
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Settings file [default: tessera.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `tessera query`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Quote the query, and in double quotes write \\$, so that the shell leaves its $ alone.

Examples:
  tessera query 'Tickets?$top=5&$select=Id,Title'
  tessera query \"Tickets/\\$count?\\$filter=Status eq 'Open'\"
  tessera query --explain \"Tickets?\\$filter=contains(Title,'printer')\"")]
pub struct Query {
    /// Resource path and options, as they follow /odata/ in an address; blanks need no escape
    pub query: String,
    /// Print how the query is run instead of its answer
    #[arg(long)]
    pub explain: bool,
    /// What to query.
    #[command(flatten)]
    pub data: DataArgs,
}

/// `tessera completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera completions bash > ~/.local/share/bash-completion/completions/tessera
  tessera completions powershell >> $PROFILE")]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `tessera man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tessera man > tessera.1
  tessera man token create | man -l -")]
pub struct Man {
    /// The command the page is about [default: tessera itself]
    pub command: Vec<String>,
}

/// Reads a role's name, and lists them all in help and mistakes.
fn roles() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::name)).try_map(|name| name.parse())
}

/// Reads whole hours, or days; how many are too many is for the rule to say.
fn overlap(text: &str) -> Result<i64, &'static str> {
    let takes = "takes 0h to 7d, in hours or days such as 24h";
    let (digits, factor) = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(hours), _) => (hours, 1),
        (None, Some(days)) => (days, 24),
        (None, None) => return Err(takes),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_number { digits.parse::<u16>().ok() } else { None };
    let hours = number.map(|number| i64::from(number) * factor);
    hours.filter(|hours| *hours <= OVERLAP_HOURS_MAX).ok_or(takes)
}

/// An Id, or how a secret begins. Of a whole secret only that is kept, and never shown again.
fn token_named(text: &str) -> Result<String, &'static str> {
    let is_id = text.parse::<u64>().is_ok();
    let named = if is_id { Some(text) } else { key_prefix_of(text) };
    let takes = "takes the Id or KeyPrefix that 'tessera token list' shows, such as 7";
    named.map(str::to_owned).ok_or(takes)
}
