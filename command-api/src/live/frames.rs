//! Prepared frames: a message is serialised, and framed, once for all consoles. A server's frames
//! carry no mask, so the same bytes go to everybody.

use bytes::Bytes;
use contract::ServerMessage;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// A message that could not be put into a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It has no JSON (a number that is not finite).
    #[error("a message for consoles has no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It was refused by the protocol's own encoder.
    #[error("a message for consoles has no frame: {0}")]
    Frame(#[from] tokio_tungstenite::tungstenite::Error),
}

/// Serialises and frames a message.
///
/// # Errors
/// [`FrameError`].
pub fn prepare(message: &ServerMessage) -> Result<Bytes, FrameError> {
    text(serde_json::to_vec(message)?)
}

/// Frames a text that is JSON already.
///
/// # Errors
/// [`FrameError::Frame`].
pub fn text(json: Vec<u8>) -> Result<Bytes, FrameError> {
    let frame = Frame::message(json, OpCode::Data(Data::Text), true);
    let mut bytes = Vec::with_capacity(frame.len());
    frame.format(&mut bytes)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_its_header_and_the_json() {
        let message = ServerMessage::Beat { seq: 7, now_ms: 1, heard_ms: None };
        let json = serde_json::to_vec(&message).unwrap();
        let frame = prepare(&message).unwrap();
        assert_eq!(frame[0], 0x81);
        assert_eq!(usize::from(frame[1]), json.len());
        assert_eq!(&frame[2..], json.as_slice());
    }
}
