//! `tessera serve`: settings, logging, the listener, and the server until it is told to stop.

use std::sync::Arc;

use super::{Failure, args::Serve, out::Out};
use crate::{
    config::Config,
    http::{App, serve},
    logging,
};

/// Serves until the process is told to stop; with `--print-config` only shows the settings.
///
/// # Errors
/// A wrong setting, an address that cannot be had.
pub fn run(args: &Serve, out: &mut Out) -> Result<(), Failure> {
    let (config, misspelt) = args.load()?;
    if args.print_config {
        return out.bytes(config.print().as_bytes());
    }
    let _flushed_last = logging::start(config.log_format, config.log_level);
    for line in misspelt {
        tracing::warn!("{line}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(listen(config))
}

async fn listen(config: Config) -> Result<(), Failure> {
    let listener = serve::listen(&config).await?;
    let address = listener.local_addr()?;
    let app = Arc::new(App::new(config));
    let stop = serve::stop_signal()?;
    eprintln!("listening on http://{address}");
    serve::serve(listener, app, stop).await;
    Ok(())
}
