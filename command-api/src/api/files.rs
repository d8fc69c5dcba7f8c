//! Files: the city's outlines and base map, and the console. Strict policy: nothing comes from
//! elsewhere, nothing is framed, nothing is guessed.

use std::path::{Component, Path as FilePath, PathBuf};
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::problem::Refused;
use crate::platform::Platform;

/// What the console may do: its own scripts and styles, images it draws itself, its own socket.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; \
    style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
    worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// The largest file of the console that is served.
pub const FILE_MAX_BYTES: u64 = 32 * 1024 * 1024;

/// Headers of every answer.
pub async fn harden(request: Request, next: axum::middleware::Next) -> Response {
    let api = request.uri().path().starts_with("/v1/");
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    answer
}

/// `GET /v1/zones.geojson`.
pub async fn zones(State(platform): State<Arc<Platform>>) -> Result<Response, Refused> {
    city_file(&platform, "zones.geojson")
}

/// `GET /v1/map/{file}`.
pub async fn map(
    State(platform): State<Arc<Platform>>,
    Path(file): Path<String>,
) -> Result<Response, Refused> {
    city_file(&platform, &format!("map/{file}"))
}

fn city_file(platform: &Platform, name: &str) -> Result<Response, Refused> {
    let files = platform.city_files();
    let (kind, bytes) =
        files.get(name).ok_or_else(|| Refused::not_found(format!("there is no {name}")))?;
    let cache = (header::CACHE_CONTROL, "private, max-age=300".to_owned());
    Ok(([(header::CONTENT_TYPE, kind.clone()), cache], bytes.clone()).into_response())
}

/// The media type of a file's name.
pub fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "geojson" => "application/geo+json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "wasm" => "application/wasm",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Everything else: the console's files; its own addresses give its page; the rest is not there.
pub async fn fallback(State(platform): State<Arc<Platform>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if let Some(said) = not_sensorthings(&path) {
        return Refused::not_found(said).into_response();
    }
    let reserved = ["/v1/", "/cap/", "/healthz", "/readyz", "/metrics", "/openapi.json"];
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    if reserved.iter().any(|r| path.starts_with(r)) || !reading {
        return Refused::not_found(format!("there is no {path}")).into_response();
    }
    let Some(root) = &platform.console else {
        return Refused::not_found("the console is not installed here").into_response();
    };
    let Some(file) = within(root, &path) else {
        return Refused::not_found(format!("there is no {path}")).into_response();
    };
    if let Some(answer) = serve(&file, &path).await {
        return answer;
    }
    // An address of the console itself has no ending; a file that is missing is missing.
    let own = !path.rsplit('/').next().unwrap_or_default().contains('.');
    let page = if own { serve(&root.join("index.html"), "/index.html").await } else { None };
    page.unwrap_or_else(|| Refused::not_found(format!("there is no {path}")).into_response())
}

/// What is wrong with an address that was meant for SensorThings: its client wants no page.
fn not_sensorthings(path: &str) -> Option<String> {
    if path.starts_with("/v1.1") {
        return Some(format!("there is no {path}; a resource path ends without a slash"));
    }
    let is_version = path == "/v1.0" || path.starts_with("/v1.0/");
    is_version.then(|| "SensorThings is served here in its version 1.1: /v1.1".to_owned())
}

/// A path of the address within the console's folder: plain names only.
fn within(root: &FilePath, path: &str) -> Option<PathBuf> {
    let plain = path.trim_start_matches('/');
    if plain.contains(['%', '\\', '\0']) {
        return None;
    }
    let plain = if plain.is_empty() { "index.html" } else { plain };
    let inside = FilePath::new(plain);
    let names = inside.components().all(|c| matches!(c, Component::Normal(_)));
    names.then(|| root.join(inside))
}

async fn serve(file: &FilePath, path: &str) -> Option<Response> {
    let owned = file.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let about = std::fs::metadata(&owned).ok()?;
        let fits = about.is_file() && about.len() <= FILE_MAX_BYTES;
        fits.then(|| std::fs::read(&owned).ok()).flatten()
    });
    let bytes = read.await.ok()??;
    // Built names carry the hash of their content.
    let hashed = path.starts_with("/assets/");
    let cache = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let kind = (header::CONTENT_TYPE, media_type(name));
    Some((StatusCode::OK, [kind, (header::CACHE_CONTROL, cache)], bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_lead_into_the_folder() {
        let root = FilePath::new("/srv/console");
        assert_eq!(within(root, "/"), Some(root.join("index.html")));
        assert_eq!(within(root, "/assets/a.js"), Some(root.join("assets/a.js")));
        for path in ["/../etc/passwd", "/a/../../b", "//etc/passwd/..", "/%2e%2e/x", "/a\\b"] {
            assert!(within(root, path).is_none_or(|p| p.starts_with(root)), "{path}");
            assert!(
                within(root, path).is_none_or(|p| !p.to_string_lossy().contains("..")),
                "{path}"
            );
        }
    }
}
