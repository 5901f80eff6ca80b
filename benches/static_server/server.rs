//! Answers with the bytes of files and does nothing else: what HTTP itself allows on a machine.
//!
//! `static_server DIR` serves the files of a folder by their names on a free port of the loopback
//! interface and says where. Started by `scripts/bench`.

#![expect(clippy::unwrap_used, reason = "a measurement may stop where it cannot go on")]

use std::{collections::HashMap, convert::Infallible, net::Ipv4Addr, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

type Files = Arc<HashMap<String, Bytes>>;

fn main() {
    let folder = std::env::args_os().nth(1).expect("usage: static_server DIR");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        let name = format!("/{}", entry.file_name().to_string_lossy());
        (name, Bytes::from(std::fs::read(entry.path()).unwrap()))
    };
    let files: Files = Arc::new(std::fs::read_dir(folder).unwrap().map(read).collect());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(serve(files));
}

async fn serve(files: Files) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    eprintln!("listening on http://{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let files = Arc::clone(&files);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = answer(&files, &request);
                async move { Ok::<_, Infallible>(answer) }
            });
            // A client that went away is no concern of anybody's.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(files: &Files, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, body) = match files.get(request.uri().path()) {
        Some(body) => (StatusCode::OK, body.clone()),
        None => (StatusCode::NOT_FOUND, Bytes::new()),
    };
    let answer = Response::builder().status(status).header("OData-Version", "4.0");
    answer.header("Content-Type", "application/json").body(Full::new(body)).unwrap()
}
