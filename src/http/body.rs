//! Bodies of requests, whichever side they are for: their media type, their size, the time that
//! they may take.

use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::error::Failure;
use super::request::BODY_TIME;
use crate::directory::Code;

/// Bytes of a body at most, but of a bulk request.
pub(super) const MAX_BODY: usize = 1 << 20;

/// Bytes that are read and forgotten of a body that is too large: a client that is still sending
/// when the connection closes may never see the answer.
const MAX_FORGOTTEN: usize = 64 << 20;

/// What a side takes for JSON.
pub(super) struct MediaTypes {
    /// Their names; none for whatever it is.
    pub(super) names: &'static [&'static str],
    /// Whether a body without a `Content-Type` speaks for itself.
    pub(super) unnamed: bool,
}

/// Reads a body of at most `max` bytes, before anything is refused, so that the client is there to
/// see why.
///
/// # Errors
/// 408, 413, 415.
pub(super) async fn read(
    request: Request,
    max: usize,
    taken: &MediaTypes,
) -> Result<Vec<u8>, Failure> {
    let (parts, body) = request.into_parts();
    let bytes = whole(body, max).await?;
    taken.check(&parts.headers)?;
    Ok(bytes)
}

/// All bytes of a body of at most `max`, whatever they are.
///
/// # Errors
/// 408, 413.
pub(super) async fn whole(body: Body, max: usize) -> Result<Vec<u8>, Failure> {
    let arrived = tokio::time::timeout(BODY_TIME, parts_of(body, max)).await;
    arrived.unwrap_or_else(|_| {
        let detail = "the body did not arrive in time";
        Err(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            Code::Timeout,
            detail,
        ))
    })
}

/// The JSON of a body, or what is wrong with it: the line and the column, and nothing of what it
/// says.
pub(super) fn json(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|error| {
        let what = if bytes.is_empty() {
            "the body is empty"
        } else {
            "the body is not JSON"
        };
        format!("{what}: {error}")
    })
}

impl MediaTypes {
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let takes = match headers.get(header::CONTENT_TYPE) {
            None => self.unnamed,
            Some(_) if self.names.is_empty() => true,
            Some(given) => {
                let essence = given.to_str().unwrap_or_default().split(';').next();
                let essence = essence.unwrap_or_default().trim();
                self.names
                    .iter()
                    .any(|name| essence.eq_ignore_ascii_case(name))
            }
        };
        if takes {
            return Ok(());
        }
        Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::UnsupportedMediaType,
            format!("the body must be {}", self.names.join(" or ")),
        ))
    }
}

async fn parts_of(mut body: Body, max: usize) -> Result<Vec<u8>, Failure> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut bytes = Vec::with_capacity(announced.min(max));
    let mut length = 0;
    while let Some(part) = next_part(&mut body).await? {
        length += part.len();
        if length <= max {
            bytes.extend_from_slice(&part);
        } else if length.max(announced) > MAX_FORGOTTEN {
            break;
        }
    }
    if length > max {
        return Err(Failure::too_large(format!(
            "the body is larger than {max} bytes"
        )));
    }
    Ok(bytes)
}

pub(super) async fn next_part(body: &mut Body) -> Result<Option<Bytes>, Failure> {
    loop {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        let Some(frame) = frame.transpose().map_err(|_| broken_off())? else {
            return Ok(None);
        };
        // Trailers say nothing to either side.
        if let Ok(part) = frame.into_data() {
            return Ok(Some(part));
        }
    }
}

fn broken_off() -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        Code::InvalidSyntax,
        "the body broke off",
    )
}
