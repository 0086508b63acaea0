//! The form of an upload: one part.

use super::content::sha256;
use super::log::FilePart;

/// The one part of a form, and its bytes.
pub(super) fn part(content_type: &str, body: &[u8]) -> Option<(FilePart, Vec<u8>)> {
    let boundary = parameter(
        content_type.strip_prefix("multipart/form-data")?,
        "boundary",
    )?;
    let body = body.strip_prefix(format!("--{boundary}\r\n").as_bytes())?;
    let head_end = find(body, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&body[..head_end]);
    let content = body[head_end + 4..]
        .strip_suffix(b"\r\n")
        .unwrap_or(&body[head_end + 4..]);
    // Of many megabytes only the end is looked at.
    let content = content.strip_suffix(format!("\r\n--{boundary}--").as_bytes())?;
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition")
            .then(|| value.trim())
    })?;
    let parameters = disposition.strip_prefix("form-data")?;
    let file = FilePart {
        field: parameter(parameters, "name")?,
        name: parameter(parameters, "filename").unwrap_or_default(),
        size: content.len() as u64,
        sha256: sha256(content),
    };
    Some((file, content.to_vec()))
}

/// One of `; name=value; name="value"`.
fn parameter(parameters: &str, wanted: &str) -> Option<String> {
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case(wanted)
            .then(|| value.trim_matches('"').to_owned())
    })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_taken_out_of_its_form() {
        let body = b"--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"payload\"\r\nContent-Type: a/b\r\n\r\nabc\r\n--X--\r\n";
        let (file, content) = part("multipart/form-data; boundary=X", body).expect("a part");
        assert_eq!(
            (file.field.as_str(), file.name.as_str(), file.size),
            ("file", "payload", 3)
        );
        assert_eq!(content, b"abc");
        assert!(part("multipart/form-data; boundary=Y", body).is_none());
        assert!(part("text/plain", body).is_none());
    }
}
