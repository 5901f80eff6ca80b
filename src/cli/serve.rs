//! `tessera serve`: settings, logging, the data, the listener, and the server until it is told to stop.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};

use super::{
    Failure,
    args::Serve,
    out::Out,
    workspace::{Workspace, wait},
};
use crate::{
    auth::{PlainToken, Principal, Role, Visit, expiry::End},
    config::{Config, PublicUrl},
    desk::tokens::{Request, any_made},
    http::{
        App, Helpdesk,
        handout::{self, Handout},
        serve,
    },
    local::{self, Ground},
    logging,
    model::{Key, props::token, set},
    store::{
        backup::{Plan, Schedule, Stop},
        embedded::Opened,
    },
    time::Timestamp,
    transfer::demo,
};

/// How long the token that an empty helpdesk hands out works, hours.
const FIRST_TOKEN_HOURS: i64 = 24;

/// How long the end waits for reads whose clients were cut off; nobody gets their answers.
const LAST_READS: Duration = Duration::from_secs(1);

/// Serves until the process is told to stop; with `--print-config` only shows the settings.
///
/// # Errors
/// A wrong setting, data that cannot be opened, an address that cannot be had.
pub fn run(args: &Serve, out: &mut Out) -> Result<(), Failure> {
    let (config, misspelt) = args.load()?;
    if args.print_config {
        for line in misspelt {
            eprintln!("{line}");
        }
        return out.bytes(config.print().as_bytes());
    }
    let _flushed_last = logging::start(config.log_format, config.log_level);
    for line in misspelt {
        tracing::warn!("{line}");
    }
    let endpoint = serve::Endpoint::new(&config)?;
    let workspace = Workspace::open(&config, args.recover)?;
    report(&workspace.opened);
    let handout = if args.demo {
        demo_token(&workspace, &config.data)?;
        None
    } else {
        first_token(&workspace, &config.data)?
    };
    let mut backups = Schedule::start(&workspace.engine, plan(&config))?;
    let app = App::new(config, Helpdesk::new(workspace.desk.clone(), handout));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let offer = if args.demo { Offer::Nothing } else { Offer::SetupLink };
    let served = runtime.block_on(listen(endpoint, app, (&workspace, backups.stopper(), offer)));
    runtime.shutdown_timeout(LAST_READS);
    backups.stop();
    workspace.engine.close();
    if served.is_ok() {
        tracing::info!("stopped");
    }
    served
}

/// The scheduled backups that the settings ask for.
fn plan(config: &Config) -> Plan {
    Plan {
        dir: config.backup_dir.clone(),
        every_hours: config.backup_every_hours,
        keep: config.backup_keep,
    }
}

/// What a server without an administrator who can sign in offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    /// A link in a file, to become one.
    SetupLink,
    /// Nothing: the demo has no passwords.
    Nothing,
}

async fn listen(
    endpoint: serve::Endpoint,
    app: App,
    (workspace, backups, offer): (&Workspace, Arc<Stop>, Offer),
) -> Result<(), Failure> {
    let listening = endpoint.bind()?;
    let stop = serve::stop_signal(|status| {
        eprintln!("told to stop a second time: ending at once");
        // What was acknowledged is in the journal.
        std::process::exit(status.into());
    })?;
    let (stopping, stopped) = watch::channel(false);
    let stop = async move {
        stop.await;
        // Before the requests at hand are waited for: the data closes only once it has given up.
        backups.tell();
        stopping.send_replace(true);
    };
    let url = listening.url()?;
    let calls = take_calls(&app, workspace, (url.clone(), stopped));
    if offer == Offer::SetupLink {
        setup_link(&app, &url)?;
    }
    eprintln!("listening on {url}");
    let app = Arc::new(app);
    let watched = Arc::clone(&app);
    tokio::spawn(async move { watched.feed.service().remove_handout_when_expired().await });
    let kept = Arc::clone(&app);
    tokio::spawn(async move { kept.feed.service().purge_hourly().await });
    let (counting, pause) = (Arc::clone(&app), Duration::from_secs(app.config.usage_flush_secs));
    tokio::spawn(async move { counting.feed.service().flush_every(pause).await });
    let counted = Arc::clone(&app);
    serve::serve(listening, app, stop).await;
    counted.feed.service().remove_setup_link();
    if let Some(calls) = calls {
        // It gave its calls as long as the requests got; a panic was logged.
        let _ = calls.await;
    }
    counted.feed.service().flush(true).await;
    Ok(())
}

/// Answers the commands that are run beside this server at `url`, until `stopped` says so.
fn take_calls(
    app: &App,
    workspace: &Workspace,
    (url, mut stopped): (String, watch::Receiver<bool>),
) -> Option<JoinHandle<()>> {
    let config = &app.config;
    let server = match local::Server::bind(&config.data) {
        Ok(server) => server,
        Err(error) => {
            tracing::warn!("commands work only while this server is stopped: {error}");
            return None;
        }
    };
    let (desk, engine) = (workspace.desk.clone(), Arc::clone(&workspace.engine));
    let ground = Ground::shared(config, (desk, engine), Arc::clone(&app.feed), url);
    let stop = async move {
        // An error means that the server is gone.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    Some(tokio::spawn(server.serve(ground, stop, Duration::from_secs(config.drain_secs))))
}

/// Tells what opening the data found and did.
fn report(opened: &Opened) {
    for lost in &opened.lost {
        let last = lost.last.map_or_else(String::new, |last| last.to_string());
        tracing::error!(
            file = lost.file,
            offset = lost.offset,
            first = lost.first,
            last,
            "lost to damage: these transactions could not be recovered"
        );
    }
    if opened.restarted {
        let aside = opened.aside.as_deref().map_or_else(String::new, |aside| {
            format!("it was set aside as '{}', and ", aside.display())
        });
        tracing::warn!(
            "the end of the journal was lost; {aside}another begins behind what records and checkpoint know"
        );
    }
    if let Some(reason) = &opened.rebuilt {
        tracing::warn!(transactions = opened.replayed, "the records were rebuilt: {reason}");
    }
    tracing::info!(transactions = opened.seq, imaged = opened.imaged, "data opened");
}

/// Fills an empty folder with the demo, and sees to it that its token lies beside it and works.
fn demo_token(workspace: &Workspace, data: &Path) -> Result<(), Failure> {
    let (path, desk) = (data.join("demo-token"), &workspace.desk);
    let snapshot = desk.snapshot();
    let works = |secret: String| desk.authenticate(&Visit::here(secret.trim())).is_ok();
    if demo::is_empty(&*snapshot) {
        handout::write(&path, wait(demo::set_up(desk))?.expose())?;
    } else if !demo::is_demo(&*snapshot) {
        let data = data.display();
        return Err(Failure::new(format!(
            "'{data}' holds data that is not the demo; serve it without --demo, or name an empty folder"
        )));
    } else if !std::fs::read_to_string(&path).is_ok_and(works) {
        handout::write(&path, wait(demo::token(desk))?.expose())?;
    }
    eprintln!("demo token (reads tickets and customers, 30 days): {}", path.display());
    Ok(())
}

/// While no active administrator has a password, leaves a link for the first one in a file; a link of a
/// former run goes in any case.
fn setup_link(app: &App, url: &str) -> Result<(), Failure> {
    let (path, service) = (app.config.data.join("setup-link"), app.feed.service());
    let Some(link) = service.desk().make_first_link() else {
        handout::remove(&path);
        return Ok(());
    };
    let origin = app.config.public_url.as_ref().map_or(url, PublicUrl::as_str);
    handout::write(&path, &link.address(origin))?;
    eprintln!(
        "set-up link (first administrator, 30 minutes, removed once used): {}",
        path.display()
    );
    service.watch_setup_link(path);
    Ok(())
}

/// While no token was ever made, makes one and leaves it in a file for whoever may read the folder.
fn first_token(workspace: &Workspace, data: &Path) -> Result<Option<Handout>, Failure> {
    let path = data.join("first-token");
    if any_made(&*workspace.desk.snapshot()) {
        return Ok(left_over(workspace, &path));
    }
    let name = "first token";
    let (id, secret, expires) = mint(workspace, name, Role::Administrator, FIRST_TOKEN_HOURS)?;
    handout::write(&path, secret.expose())?;
    eprintln!("first token (administrator, 24 hours, removed once used): {}", path.display());
    Ok(Some(Handout::new(path, id, expires)))
}

/// A first token that a former run handed out and nobody has used; its file goes if it works no more.
fn left_over(workspace: &Workspace, path: &Path) -> Option<Handout> {
    let secret = std::fs::read_to_string(path).ok()?;
    let found = workspace.desk.authenticate(&Visit::here(secret.trim())).ok().and_then(|caller| {
        let snapshot = workspace.desk.snapshot();
        let row = snapshot.row(set::ACCESS_TOKENS, &Key::Int(caller.token_id?))?;
        let structure = snapshot.model().structure(row.type_id);
        Some((caller.token_id?, row.record.get(structure, token::EXPIRES).as_instant()?))
    });
    match &found {
        Some((_, expires)) => eprintln!(
            "first token (administrator, until {expires}, removed once used): {}",
            path.display()
        ),
        None => handout::remove(path),
    }
    found.map(|(id, expires)| Handout::new(path.to_owned(), id, expires))
}

/// Makes a token of the workspace itself: its Id, its secret, its end.
fn mint(
    workspace: &Workspace,
    name: &str,
    role: Role,
    hours: i64,
) -> Result<(i64, PlainToken, Timestamp), Failure> {
    let now = workspace.desk.now();
    let expires = now.plus_micros(hours * 3_600_000_000).unwrap_or(Timestamp::MAX);
    let request = Request { expires: Some(End::At(expires)), ..Request::new(name, role) };
    let (row, secret) = wait(workspace.desk.mint_token(&Principal::system(), request))?;
    let id = row.key(workspace.desk.model()).as_int().unwrap_or_default();
    Ok((id, secret, expires))
}
